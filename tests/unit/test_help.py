"""``--help`` answers at once: nothing heavy is imported for it."""

import argparse
import inspect
import subprocess
import sys

import pytest

from bot.__main__ import COMMANDS
from bot.commands import contact

HEAVY = {"sqlalchemy", "alembic", "aiohttp", "psycopg", "pydantic", "numpy", "procrastinate", "cryptography", "opencc"}
# Nothing of a package can be imported without the package itself; an empty module in the place of a part can be there.
PROGRAM = """
import sys
from bot.__main__ import main
try:
    main(sys.argv[1:])
finally:
    print(*[name for name in sys.modules if "." not in name], file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [("--help",), ("contact", "--help"), ("contact", "import", "--help"), ("wechat", "menu", "push", "--help")],
)
def test_help_imports_nothing_heavy(words):
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: yingda")
    assert HEAVY & set(done.stderr.split()) == set()


def test_help_names_every_command_and_what_it_does():
    done = subprocess.run([sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, timeout=60)
    words = " ".join(done.stdout.split())
    assert [name for name, does in COMMANDS.items() if f"{name} {does}" not in words] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module(name):
    done = subprocess.run([sys.executable, "-m", "bot", name, "--help"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.startswith(f"usage: yingda {name}")) == (0, True), done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["show", "last"],
        ["import", "a.csv", "--system", "pos"],
        ["set", "last", "name=x"],
        ["merge", "last", "last", "--reason", "x"],
        ["unmerge", "019a0000-0000-7000-8000-000000000000"],
        ["confirm", "last", "phone=1"],
    ],
)
async def test_what_runs_later_is_there(words, monkeypatch):
    parser = argparse.ArgumentParser()
    contact.add_arguments(parser.add_subparsers())
    args = parser.parse_args(["contact", *words])
    running = args.run(args)  # imports the function; the coroutine is not begun
    assert inspect.iscoroutine(running)
    running.close()

"""``ask``, ``chat``, ``contact`` and ``doctor`` as whoever sits at the machine types them: processes of their own."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bot.flows.catalogue import OURS
from bot.flows.reading import read_definitions
from bot.flows.rendering import render
from bot.storage.database import Addresses
from bot.storage.embedded import EmbeddedPostgres, status
from tests.servers import ROOT, LiveServer, short_folder

pytestmark = pytest.mark.heavy

ENDS_WITHIN_S = 15.0


@dataclass(frozen=True)
class Shell:
    """Runs ``yingda ARGUMENTS`` with an environment of its own."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, typed: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=ROOT,
            env=self.environment | changes,
            check=False,
        )


def clean(**added: str) -> Shell:
    hidden = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
    return Shell(hidden | {"LC_ALL": "C.UTF-8", **added})


@pytest.fixture
def yingda(demo_addresses: Addresses, tmp_path: Path) -> Shell:
    """The command line on a database with the demo company."""
    return clean(
        YINGDA_DATABASE_URL=demo_addresses.application_url,
        YINGDA_OWNER_DATABASE_URL=demo_addresses.owner_url,
        YINGDA_VAR_DIR=str(tmp_path),
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder whose embedded PostgreSQL does not outlive the test."""
    path = short_folder()
    yield path
    if status(path / "postgres").running:
        with EmbeddedPostgres(path / "postgres"):
            pass
    shutil.rmtree(path)


def read_until(terminal: int, wanted: str) -> None:
    """Returns when the terminal has shown it; the process's end is the test's."""
    seen = ""
    while wanted not in seen:
        seen += os.read(terminal, 4096).decode()


def test_ask_prints_the_answer_its_article_and_how_sure_it_is(yingda: Shell) -> None:
    done = yingda("ask", "怎么退货")
    assert done.returncode == 0, done.stderr
    assert "签收后 7 天内" in done.stdout
    assert re.search(r"^\[returns-how\] 怎么退货？  \(\d+%\)$", done.stdout, re.MULTILINE)

    done = yingda("ask", "怎么退货", "--json")
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert (done.returncode, report["verdict"], report["article"]["id"]) == (0, "answer", "returns-how")
    assert report["answer"].startswith("签收后 7 天内")
    assert 0.5 < report["confidence"] <= 1

    done = yingda("ask", "How do I return a product?")
    assert (done.returncode, "within 7 days of delivery" in done.stdout) == (0, True)


@pytest.mark.parametrize(("question", "locale"), [("今天的足球比赛几比几", "zh-Hans"), ("xqzt vfgh pprw", "en")])
def test_ask_says_that_nothing_was_found_in_the_questions_language(yingda: Shell, question: str, locale: str) -> None:
    done = yingda("ask", question)
    assert (done.returncode, done.stdout.strip()) == (1, words("utter_nothing_found", locale)), done.stderr
    report = json.loads(yingda("ask", question, "--json").stdout)
    assert (report["verdict"], report["answer"], report["article"]) == ("nothing", None, None)


def words(response: str, locale: str) -> str:
    return str(render(read_definitions(OURS).responses[response], {}, locale)["text"])


def test_ask_says_that_it_has_choices(yingda: Shell) -> None:
    first, *offered = yingda("ask", "退").stdout.splitlines()
    assert first == words("utter_clarify", "zh-Hans")
    assert len(offered) > 1
    assert all(re.fullmatch(r"  \[[a-z0-9-]+\] .+  \(\d+%\)", line) for line in offered)


def test_whoever_waits_for_a_training_is_told(addresses: Addresses, tmp_path: Path) -> None:
    """Once: what was trained is kept."""
    (tmp_path / "lamp.yaml").write_text("id: lamp\nquestion: {en: How do I dim the lamp}\nanswer: {en: By touch.}\n")
    yingda = clean(
        YINGDA_DATABASE_URL=addresses.application_url,
        YINGDA_OWNER_DATABASE_URL=addresses.owner_url,
        YINGDA_VAR_DIR=str(tmp_path),
        YINGDA_DEMO="false",
    )
    assert yingda("kb", "import", str(tmp_path)).returncode == 0
    first, second = (yingda("ask", "How do I dim the lamp?") for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "Learning the articles (some seconds) …\n")
    assert (second.returncode, second.stderr) == (0, "")


def test_a_server_tells_of_its_training(demo_addresses: Addresses, tmp_path: Path) -> None:
    with psycopg.connect(demo_addresses.application_url, autocommit=True) as connection:
        connection.execute("DELETE FROM kb.engines")
    with LiveServer(demo_addresses, tmp_path) as server:
        server.stop()
        said = server.log.read_text(encoding="utf-8")
    assert "Learning the articles (some seconds) …" in said
    assert said.index("Learning") < said.index("Yingda serves after")


def test_a_chat_is_recorded_and_shown(yingda: Shell) -> None:
    done = yingda("chat", typed="怎么退货\n1\n")
    assert done.returncode == 0, done.stderr
    first, second = re.findall(r"^  \[([a-z-]+)\] (.+)$", done.stdout, re.MULTILINE)
    offered = re.findall(r"^  1\. (.+)$", done.stdout, re.MULTILINE)
    assert (first[0], second[1]) == ("returns-how", offered[0])
    assert "免费上门取件，大件也不收搬运费" in done.stdout

    done = yingda("contact", "show", "last")
    rows = re.findall(r"  terminal ([→←]) .+  \[(\S+)\](  \d+\.\d ms)?$", done.stdout, re.MULTILINE)
    assert (done.returncode, [(arrow, led_to, bool(latency)) for arrow, led_to, latency in rows]) == (
        0,
        [
            ("→", f"article:{first[0]}", True),
            ("←", f"article:{first[0]}", False),
            ("←", f"article:{first[0]}", False),  # the notice of the first contact
            ("→", f"article:{second[0]}", True),
            ("←", f"article:{second[0]}", False),
        ],
    )

    told = [json.loads(line) for line in yingda("contact", "show", "last", "--json").stdout.splitlines()]
    assert [(row["direction"], row["channel"], row["outcome_kind"]) for row in told] == [
        ("in", "terminal", "article"),
        ("out", "terminal", "article"),
        ("out", "terminal", "article"),
        ("in", "terminal", "article"),
        ("out", "terminal", "article"),
    ]
    assert [row["latency_ms"] is not None for row in told] == [True, False, False, True, False]
    (listed,) = yingda("contact", "list", "--json").stdout.splitlines()
    assert json.loads(listed)["id"] == told[0]["contact_id"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_chat_that_waits_for_a_line_ends_at_once(folder: Path, number: signal.Signals, code: int) -> None:
    environment = clean(YINGDA_VAR_DIR=str(folder), YINGDA_DEMO="false").environment
    master, terminal = pty.openpty()
    chat = subprocess.Popen(
        # The terminal becomes the process's own, so that Ctrl-C typed into it is the kernel's SIGINT.
        [sys.executable, "-c", CONTROLLED, sys.executable, "-m", "bot", "chat"],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        read_until(master, "> ")
        assert status(folder / "postgres").users == (chat.pid,)
        started = time.monotonic()
        if number == signal.SIGINT:
            os.write(master, b"\x03")
        else:
            chat.send_signal(number)
        assert chat.wait(20) == code
        assert time.monotonic() - started < ENDS_WITHIN_S
    finally:
        os.close(master)
        if chat.poll() is None:
            chat.kill()
            chat.wait(10)
    seen = status(folder / "postgres")
    assert (seen.users, seen.running) == ((), False)


CONTROLLED = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"

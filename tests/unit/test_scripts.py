"""What `make run` and `make test` do on machines that lack something; other machines are made of fake programs."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LOCKS = ("pyproject.toml", "requirements/run.txt", "requirements/build.txt", "requirements/dev.txt")


class Machine:
    """A machine on whose PATH stands only what it is given."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder
        folder.mkdir()
        for name in ("bash", "env", "dirname", "sha256sum", "rm", "cat"):
            self.give(name, f'exec {shutil.which(name)} "$@"')

    def give(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def run(self, script: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.bin), **variables}
        command = ["/bin/bash", str(script), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "bin")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for name in LOCKS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_parts_that_are_there_cost_no_word(machine: Machine) -> None:
    for name in ("chromium", "redis-server"):
        machine.give(name, "exit 0")
    done = machine.run(ROOT / "scripts" / "parts.sh")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_parts_that_cannot_be_had_are_named_with_their_tests(machine: Machine) -> None:
    machine.give("id", "echo 1000")
    machine.give("apt-get", "exit 99")
    machine.give("sudo", "exit 1")  # it asks for a password
    done = machine.run(ROOT / "scripts" / "parts.sh")
    assert done.returncode == 1
    assert "no Chromium: the browser tests (tests/e2e) cannot run" in done.stderr
    assert "no redis-server: the Redis form (tests/contract/realtime)" in done.stderr


def test_parts_are_installed_where_that_is_allowed(machine: Machine) -> None:
    machine.give("id", "echo 1000")
    machine.give("sudo", 'shift; exec "$@"')
    machine.give("true", "exit 0")
    for name in ("tee", "chmod", "rm"):  # the guard against starting services belongs to a real system
        machine.give(name, "exit 0")
    install = f'/bin/echo "#!/bin/sh" > {machine.bin}/$last; /bin/chmod +x {machine.bin}/$last'
    machine.give("apt-get", f'last="${{@: -1}}"; if [[ $1 == install ]]; then {install}; fi')
    done = machine.run(ROOT / "scripts" / "parts.sh")
    assert done.returncode == 0, done.stderr
    assert "installing chromium redis-server" in done.stdout
    assert (machine.bin / "chromium").exists()
    assert (machine.bin / "redis-server").exists()


def test_an_old_python_is_refused(machine: Machine, checkout: Path) -> None:
    machine.give("python3", "exit 1")
    done = machine.run(checkout / "scripts" / "install.sh", "run")
    assert done.returncode == 1
    assert "Python 3.11 to 3.14 is needed" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_is_explained(machine: Machine, checkout: Path) -> None:
    machine.give("python3", '[[ "$2" != *ensurepip* ]]')
    done = machine.run(checkout / "scripts" / "install.sh", "run")
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


@pytest.mark.alone
def test_nothing_to_install_takes_no_time(machine: Machine, checkout: Path) -> None:
    """A second start has 5 s in all. A changed lock is noticed by its content, whatever its date."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text("#!/bin/bash\n[[ $1 == -c ]]\n")  # it runs, and has no pip
    python.chmod(0o755)
    stamp = "".join(f"{hashlib.sha256((checkout / name).read_bytes()).hexdigest()}  {name}\n" for name in LOCKS)
    (checkout / ".venv" / ".installed-run").write_text(stamp)
    for name in LOCKS:
        os.utime(checkout / name)
    began = time.monotonic()
    done = machine.run(checkout / "scripts" / "install.sh", "run")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert time.monotonic() - began < 1.0
    with (checkout / LOCKS[1]).open("a") as lock:
        lock.write("# changed\n")
    machine.give("sed", "exec cat")
    done = machine.run(checkout / "scripts" / "install.sh", "run")
    assert "installing Python packages" in done.stdout
    assert done.returncode != 0
    assert not (checkout / ".venv" / ".installed-run").exists()


def test_make_says_what_there_is() -> None:
    done = subprocess.run(["make", "-C", ROOT, "--no-print-directory"], capture_output=True, text=True, timeout=60)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "help",
        "run",
        "lab",
        "test",
        "bench",
        "front",
        "lock",
        "clean",
    ]

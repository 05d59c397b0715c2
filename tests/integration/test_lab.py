"""``yingda lab`` as a newcomer starts it: processes of their own, an embedded PostgreSQL, nothing left behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.storage.embedded import status
from tests.servers import ROOT, free_port, short_folder

pytestmark = pytest.mark.heavy

STARTS_WITHIN_S = 120.0
ENDS_WITHIN_S = 40.0
EVERYTHING = "Press Ctrl-C to stop everything."


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The data folder of all labs here: what the first one makes, the others find."""
    path = short_folder()
    yield path
    if pid := status(path / "lab" / "postgres").pid:
        os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(path, ignore_errors=True)


class Lab:
    """A started lab."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self.parts: list[psutil.Process] = []

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def until(self, words: str, within_s: float) -> None:
        """Returns once it has said so; fails with all it said when it ends or takes too long."""
        deadline = time.monotonic() + within_s
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        self.parts = psutil.Process(self.process.pid).children(recursive=True)

    def link(self, page: str) -> str:
        return str(re.findall(rf"http://\S+?/{page}\S*", self.said())[-1])

    def end(self, number: int) -> int:
        """Sends the signal and waits for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(ENDS_WITHIN_S)

    def remaining(self) -> list[psutil.Process]:
        """The parts that are not gone after a while."""
        _, alive = psutil.wait_procs(self.parts, timeout=ENDS_WITHIN_S)
        return alive


def answer_to(phone: str, user: str, text: str) -> str:
    """What the account says to a text of a user."""
    seq = control(phone, f"/users/{user}/text", {"content": text})["seq"]
    [line] = control(phone, f"/users/{user}/phone?wait=20&after={seq}")["lines"]
    return str(line["content"]["content"])


def refused(folder: Path) -> str:
    """What a lab says that cannot be started."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "lab"],
        cwd=ROOT,
        env=os.environ | {"YINGDA_VAR_DIR": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


@contextmanager
def lab(folder: Path, *arguments: str) -> Iterator[Lab]:
    """``yingda lab`` once it is ready; whatever is left of it at the end is killed."""
    log = folder / "lab.log"
    hidden = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
    environment = hidden | {"YINGDA_VAR_DIR": str(folder), "YINGDA_HTTP__PORT": str(free_port()), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "bot", "lab", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    running = Lab(process, log)
    try:
        running.until(EVERYTHING, STARTS_WITHIN_S)
        yield running
    finally:
        for left in running.parts:
            if left.is_running():
                left.kill()
        if process.poll() is None:
            process.kill()
        process.wait(10)


def control(phone: str, path: str, body: Any = None) -> Any:
    """A call of the emulator's control API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        phone.partition("/phone")[0] + "/control" + path, data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


@pytest.mark.slow
def test_a_newcomer_has_a_phone_a_menu_and_a_code_and_ctrl_c_ends_everything(folder: Path) -> None:
    with lab(folder, "--users", "4", "--fault", "duplicates") as running:
        phone = running.link("phone")
        for page in (phone, running.link("console"), running.link("demo")):
            with urllib.request.urlopen(page, timeout=10) as answer:
                assert answer.status == 200
        assert control(phone, "/users")["users"] == ["user1", "user2", "user3", "user4"]
        [account] = control(phone, "")["accounts"]
        assert account["settings"]["name"] == "shop-wechat"
        assert account["settings"]["mode"] == "safe"
        assert len(account["menu"]) == 3
        [code] = account["scenes"]
        control(phone, "/users/user2/scan", {"ticket": code["ticket"]})
        [line] = control(phone, "/users/user2/phone?wait=20")["lines"]
        assert line["how"] == "passive"
        assert "/privacy" in line["content"]["content"]
        assert answer_to(phone, "user2", "怎么退货？").startswith("签收后 7 天内")
        [fault] = control(phone, "/faults")["faults"]
        assert (fault["fault"], fault["fired"]) == ("duplicate", 2)
        assert "as agent, who answers those who wait" in running.said()
        assert running.end(signal.SIGINT) == 0
        assert running.remaining() == []
    assert "Stopped." in running.said()
    assert not status(folder / "lab" / "postgres").running


def test_kill_nine_leaves_no_part_of_it_running(folder: Path) -> None:
    with lab(folder, "--two") as running:
        phone = running.link("phone")
        assert "another lab uses" in refused(folder)
        for user in ("user1", "user2"):
            control(phone, f"/users/{user}/follow", {})
            assert control(phone, f"/users/{user}/phone?wait=20")["lines"]
            # Nobody is taken for a user of the lab before, nor a message for one of theirs.
            assert not answer_to(phone, user, "退款多久到账？").startswith("签收后 7 天内")
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
        assert running.remaining() == []
    assert not status(folder / "lab" / "postgres").running


def test_one_of_two_servers_may_die_and_the_emulator_may_not(folder: Path) -> None:
    with lab(folder, "--two") as running:
        phone = running.link("phone")
        servers = [part for part in running.parts if part.cmdline()[-2:] == ["bot", "serve"]]
        assert len(servers) == 2
        servers[0].kill()
        running.until("the other server goes on alone", 20)
        for user in ("user1", "user2"):
            control(phone, f"/users/{user}/follow", {})
            assert control(phone, f"/users/{user}/phone?wait=20")["lines"][0]["how"] == "passive"
        [emulator] = [part for part in running.parts if "emulators.wechat" in part.cmdline()]
        emulator.kill()
        assert running.process.wait(ENDS_WITHIN_S) == 1
        assert running.remaining() == []
    assert "emulators.wechat has ended by itself (exit code -9)" in running.said()
    assert not status(folder / "lab" / "postgres").running

"""The wheel, installed where nothing else is, chats."""

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from build_front import PAGES
from tests.integration.conftest import Shipped, clean_environment
from tests.integration.patience import allowed
from tests.servers import ROOT, free_port, short_folder

pytestmark = pytest.mark.alone


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder with a short name, since a Unix socket will lie below it."""
    folder = short_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_everything_is_in_it(shipped: Shipped) -> None:
    """Every file of the packages that git knows, and the front end that it does not."""
    with zipfile.ZipFile(shipped.wheel) as wheel:
        inside = set(wheel.namelist())
    packages = ("bot", "crm_adapter", "knowledge_base", "emulators")
    ours = {str(path.relative_to(shipped.source)) for name in packages for path in (shipped.source / name).rglob("*")}
    ours = {name for name in ours if (shipped.source / name).is_file() and "__pycache__" not in name}
    assert {f"bot/web/static/{page}" for page in PAGES} <= inside
    for suffix in (".sql", ".yml", ".lua"):
        assert any(name.endswith(suffix) for name in ours), suffix
    assert any("/migrations/" in name for name in ours)
    assert ours - inside == set()
    assert {name.split("/")[0] for name in inside if ".dist-info/" not in name} == set(packages)


def test_without_its_pages_there_is_no_wheel(tmp_path: Path) -> None:
    """A front end whose build says it went well and made nothing: the build of the wheel fails and says why."""
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "build_front.py", "hatch_build.py"):
        shutil.copy(ROOT / name, source / name)
    for name in ("bot", "crm_adapter", "knowledge_base", "emulators"):
        (source / name).mkdir()
        (source / name / "__init__.py").touch()
    (source / "ui").mkdir()
    package = {"name": "ui", "version": "1.0.0", "scripts": {"build": "node --version"}}
    (source / "ui" / "package.json").write_text(json.dumps(package))
    lock = {"name": "ui", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    (source / "ui" / "package-lock.json").write_text(json.dumps(lock))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(build, cwd=source, capture_output=True, text=True, timeout=300, env=clean_environment())
    assert done.returncode != 0
    assert "the build made no widget/frame.html" in done.stderr
    assert not list(out.glob("*.whl"))


def ask(url: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
        return json.loads(answer.read())


def wait_ready(url: str, server: subprocess.Popen[bytes], log: Path, within_s: float = 120.0) -> None:
    deadline = time.monotonic() + within_s
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if ask(f"{url}/readyz")["ready"]:
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"not ready:\n{log.read_text()[-4000:]}")


def postgres_under(folder: Path) -> list[psutil.Process]:
    """The PostgreSQL processes whose data lie under `folder`."""
    found = []
    for process in psutil.process_iter():
        try:
            if "postgres" in process.name() and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@contextmanager
def serving(program: str, folder: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`yingda serve` with its data below `folder`, started and not waited for; and its log."""
    log = folder / "serve.log"
    environment = clean_environment(YINGDA_HTTP__PORT=str(port), YINGDA_VAR_DIR=str(folder / "var"))
    command = [program, "serve"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield server, log
    finally:
        if server.poll() is None:
            server.kill()
            server.wait(10)
        for process in postgres_under(folder):
            process.kill()


def test_it_serves_and_answers_and_leaves_nothing_behind(shipped: Shipped, folder: Path) -> None:
    program, port = shipped.program("yingda"), free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(program, folder, port) as (server, log):
        wait_ready(url, server, log)
        assert postgres_under(folder)
        for page in ("demo/", "console/", "widget/loader.js", "widget/frame/shop"):
            with urllib.request.urlopen(f"{url}/{page}", timeout=10) as answer:
                assert answer.read(), page
        session = ask(f"{url}/channels/shop/session", {"locale": "zh-Hans"})
        question = {"client_msg_id": "first", "text": "怎么退货"}
        told = ask(f"{url}/channels/shop/messages", question, session["token"])
        assert told["ack"]["client_msg_id"] == "first"
        (answer,) = [message for message in told["messages"] if message["direction"] == "out"][:1]
        assert "退" in answer["body"]["text"]
        assert ask(f"{url}/channels/shop/messages", question, session["token"]) == told
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0, log.read_text()[-4000:]
        assert postgres_under(folder) == []

    started = time.monotonic()
    with serving(program, folder, port) as (server, log):
        wait_ready(url, server, log)
        assert time.monotonic() - started < allowed(5, 8), "a second start, the embedded database's included"
        assert ask(f"{url}/channels/shop/messages", question, session["token"]) == told
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0, log.read_text()[-4000:]
        assert postgres_under(folder) == []

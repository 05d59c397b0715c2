"""`yingda serve` as a user starts it: with a database of its own, in a folder where nothing was before."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.conftest import clean_environment


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
def serving(program: str | Path, folder: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`yingda serve` with its data below `folder`, started and not waited for; and its log."""
    log = folder / "serve.log"
    environment = clean_environment(YINGDA_HTTP__PORT=str(port), YINGDA_VAR_DIR=str(folder / "var"))
    with log.open("wb") as output:
        server = subprocess.Popen(
            [program, "serve"], cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield server, log
    finally:
        if server.poll() is None:
            server.kill()
            server.wait(10)
        for process in postgres_under(folder):
            process.kill()

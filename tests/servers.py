"""A real ``yingda serve`` in a process of its own, started, killed and started again by tests."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from bot.rehearsal.keys import ENVIRONMENT
from bot.storage.database import Addresses

ROOT = Path(__file__).parent.parent
START_WITHIN_S = 60.0


# Below those that the system gives to whoever asks for any: none is taken before its server listens. What tests side by
# side has a row of its own.
_PORTS = itertools.cycle(range(12_000 + os.getpid() % 97, 32_000, 97))


def free_port() -> int:
    """A port that nobody listens on, and that nobody else is given soon."""
    return next(port for port in _PORTS if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as listener, suppress(OSError):
        listener.bind(("127.0.0.1", port))
        return True
    return False


class LiveServer:
    """One server process at a fixed port; what it prints is kept in ``log``."""

    def __init__(
        self,
        addresses: Addresses,
        var_dir: Path,
        module: str = "bot",
        command: str = "serve",
        port: int | None = None,
        **environment: str,
    ) -> None:
        self.addresses = addresses
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = var_dir / f"{command}-{self.port}.log"
        self._arguments = [module, command] if module == "bot" else [module]
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")},
            "YINGDA_DATABASE_URL": addresses.application_url,
            "YINGDA_OWNER_DATABASE_URL": addresses.owner_url,
            "YINGDA_VAR_DIR": str(var_dir),
            "YINGDA_HTTP__PORT": str(self.port),
            "YINGDA_SECRET_KEY": "a key that only this test knows, and nobody else",
            "YINGDA_LIMITS__MESSAGES_PER_VISITOR": "100000",
            "YINGDA_LIMITS__SESSIONS_PER_ADDRESS": "100000",
            "YINGDA_LIMITS__SIGNALS_PER_VISITOR": "100000",
            **ENVIRONMENT,
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def admin_link(self) -> str:
        """The one-time sign-in link that the last start printed."""
        links = re.findall(r"http://\S+/console/#/welcome\?token=\S+", self.log.read_text(encoding="utf-8"))
        assert links, self.log.read_text(encoding="utf-8")
        return str(links[-1])

    def start(self, *, wait: bool = True) -> "LiveServer":
        """Starts the process and waits until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Returns when /readyz says 200; fails with the log when the process ends or takes too long."""
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            if self.ready():
                return
            time.sleep(0.05)
        raise AssertionError(f"the server did not get ready:\n{self.log.read_text(encoding='utf-8')[-4000:]}")

    def ready(self) -> bool:
        """Whether /readyz answers 200 now."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=3) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """kill -9, and waits until the process is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self, within_s: float = 30.0) -> int:
        """Ctrl-C; returns the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop:\n{self.log.read_text(encoding='utf-8')[-4000:]}") from None

    def wait(self, within_s: float) -> int:
        """The exit code of a process that ends by itself."""
        assert self._process is not None
        return self._process.wait(within_s)

    def restart(self) -> None:
        """A drain and a new start at the same address."""
        self.stop()
        self.start()

    def __enter__(self) -> "LiveServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()


def short_folder() -> Path:
    """A new folder with a short path: a Unix socket's address has little room."""
    return Path(tempfile.mkdtemp(prefix="yd-"))

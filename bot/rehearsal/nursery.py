"""``python -m bot.rehearsal.nursery SOCKET``: forks servers, so that one that was killed is back in a moment.

The nursery has everything imported; a server is a fork of it. Who wants one connects to the Unix socket and sends a
line of JSON, ``{"environment": {...}, "log": path}``; a server starts, and again with each further line. Answers are
``started PID`` and, when the server ends, ``ended STATUS``; its process id stays taken until the next start. With the
connection its server ends, with standard input the nursery and all of them.
"""

import json
import os
import selectors
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.rehearsal.server import main as serve


@dataclass(eq=False)
class Cradle:
    """One connection and its current server."""

    connection: socket.socket
    received: bytes = b""
    pid: int = 0
    lives: bool = False
    order: dict[str, Any] = field(default_factory=dict)

    def tell(self, line: str) -> None:
        """Answers; to somebody who has left, nothing."""
        with suppress(OSError):
            self.connection.sendall(line.encode() + b"\n")

    def end(self) -> None:
        """Kills the server, if it lives, and lets its process id go."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid, self.lives = 0, False


class Nursery:
    """All connections, in one thread: a process with threads must not fork."""

    def __init__(self, path: str) -> None:
        self._cradles: dict[int, Cradle] = {}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake)
        self._selector = selectors.DefaultSelector()
        for source in (0, self._listener.fileno(), self._woken):
            self._selector.register(source, selectors.EVENT_READ)

    def run(self) -> None:
        """Until standard input ends."""
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.fd == 0:
                        return
                    self._attend(key.fd)
        finally:
            for cradle in self._cradles.values():
                cradle.end()

    def _attend(self, source: int) -> None:
        if source == self._listener.fileno():
            connection, _ = self._listener.accept()
            self._cradles[connection.fileno()] = Cradle(connection)
            self._selector.register(connection.fileno(), selectors.EVENT_READ)
        elif source == self._woken:
            os.read(self._woken, 64)
            for cradle in self._cradles.values():
                self._look_after(cradle)
        else:
            self._hear(self._cradles[source])

    def _look_after(self, cradle: Cradle) -> None:
        if not cradle.lives:
            return
        ended = os.waitid(os.P_PID, cradle.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended:
            cradle.lives = False
            cradle.tell(f"ended {ended.si_status}")

    def _hear(self, cradle: Cradle) -> None:
        heard = cradle.connection.recv(65536)
        if not heard:
            self._selector.unregister(cradle.connection.fileno())
            del self._cradles[cradle.connection.fileno()]
            cradle.end()
            cradle.connection.close()
            return
        *lines, cradle.received = (cradle.received + heard).split(b"\n")
        for line in lines:
            cradle.order = json.loads(line)
            cradle.end()
            cradle.pid = os.fork() or self._be_a_server(cradle.order)
            cradle.lives = True
            cradle.tell(f"started {cradle.pid}")

    def _be_a_server(self, order: dict[str, Any]) -> int:
        """The life of a server: this process, from its fork to its end; does not return."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            self._listener.close()
            for cradle in self._cradles.values():
                cradle.connection.close()
            log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
                os.dup2(source, number)
            os.environ.update(order["environment"])
            status = serve()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)


if __name__ == "__main__":
    Nursery(sys.argv[1]).run()

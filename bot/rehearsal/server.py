"""``python -m bot.rehearsal.server``: the whole server with faulty facts, in a process that can be killed often.

Its parent, this module, has everything imported and forks a server when told to, so that a start takes a fraction of
a second. It tells on standard output what happens to its servers, one at a time, and ends with the current one when
its standard input does. A ``start`` on a line of standard input is answered by ``started PID``; when the server ends,
``ended STATUS`` follows, and its process id stays taken until the next start.
"""

import asyncio
import os
import select
import signal
import sys
import traceback

from bot.app import make_app
from bot.logs import start_logging
from bot.rehearsal.facts import FaultyFacts
from bot.serving import serve
from bot.settings import Settings, read_settings
from bot.storage.database import open_database


def main() -> None:
    """Serves as it is told."""
    settings = read_settings()
    pid, lives = 0, False
    woken = _wake_up_when_a_child_ends()
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 64)
        if lives and (ended := os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)):
            lives = False
            _tell(f"ended {ended.si_status}")
        if 0 in ready:
            started = os.read(0, 64)
            if pid and not started:
                os.kill(pid, signal.SIGKILL)
            if pid:
                os.waitpid(pid, 0)
            if not started:
                return
            pid, lives = os.fork() or _serve(settings), True
            _tell(f"started {pid}")


def _wake_up_when_a_child_ends() -> int:
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    return woken


def _serve(settings: Settings) -> int:
    """The life of a server: this process, from its fork to its end; does not return."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)  # standard output belongs to the conversation with the parent
        start_logging(settings)
        with open_database(settings, lambda line: None) as addresses:
            status = asyncio.run(
                serve(settings, addresses, lambda line: None, make_app(settings, addresses, lambda live: FaultyFacts()))
            )
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

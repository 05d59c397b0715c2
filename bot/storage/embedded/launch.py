"""The first step of every PostgreSQL process: a script of its own, run in a fresh interpreter.

It becomes the account that PostgreSQL runs as, takes the server lock and turns into the program; a server it
detaches first, so that it has no parent here. The caller runs it in a session of its own, without a terminal.
All of this in a fresh process, because code between fork and exec is unsafe in a program with threads. It
imports the standard library only, and all of it before the change of account: afterwards the interpreter's own
files may be out of reach.

Called as ``launch.py ORDER`` with an ``Order`` in JSON. Exit status 70 means that it got no further; why is the
last line of its standard error.
"""

import ctypes
import fcntl
import json
import os
import sys
import time
from typing import TypedDict

LAUNCH_FAILED = 70
_LOCK_S = 5.0
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAP_SETPCAP = 8
_CAPABILITY_VERSION_3 = 0x20080522


class Order(TypedDict):
    """What to run: absolute paths throughout."""

    argv: list[str]
    env: dict[str, str]
    lock: str
    log: str | None
    """Set for a server, which is detached and writes there."""
    account: tuple[int, int] | None
    """User and group id to become; None stays."""
    needed: list[str]
    """Files and folders the account must be able to read."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
        ("upper", ctypes.c_uint32 * 3),
    )


class LaunchError(Exception):
    """The launch is refused; the message says why and how to mend it."""


def launch(order: Order) -> None:
    """Does not return: the process becomes the program, or ends."""
    os.umask(0o077)
    os.chdir("/")
    if order["account"] is not None:
        _become(*order["account"], order)
    lock = os.open(order["lock"], os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    _take(lock)
    os.set_inheritable(lock, True)
    if order["log"] is not None:
        _detach(order["log"])
    os.execve(order["argv"][0], order["argv"], order["env"])  # noqa: S606 - no shell is the point


def _take(lock: int) -> None:
    deadline = time.monotonic() + _LOCK_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LaunchError("another PostgreSQL of this folder is alive") from None
            time.sleep(0.02)
        else:
            return


def _detach(log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    # The parent's end is what the caller waits for; the child belongs to init and holds the lock.
    if os.fork():
        os._exit(0)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _become(uid: int, gid: int, order: Order) -> None:
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    closed = _closed(order)
    if closed is None or (libc is not None and _pass_walls(libc, order)):
        return
    raise LaunchError(
        f"user {uid} cannot reach {closed}: let it pass the folders above (`chmod o+x` on each), keep the program"
        " and its data outside of private folders, or run as an ordinary user"
    )


def _pass_walls(libc: ctypes.CDLL, order: Order) -> bool:
    """Keep root's right to pass folders closed to the account, and no other right; False where root has none.

    A clone in root's own home is such a folder. The right to read suffices nearly always and is tried first;
    containers often grant only the wider one.
    """
    header = _Header(_CAPABILITY_VERSION_3, 0)
    held = _Capabilities()
    if libc.capget(ctypes.byref(header), ctypes.byref(held)) != 0:
        return False

    def set_effective(bits: int) -> bool:
        wanted = _Capabilities(bits, held.permitted, bits)
        return bool(libc.capset(ctypes.byref(header), ctypes.byref(wanted)) == 0)

    # PostgreSQL asks access(2) about its programs, which minds a capability only with this security bit.
    if set_effective(held.permitted & 1 << _CAP_SETPCAP):
        libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        bit = held.permitted & 1 << capability
        if bit and set_effective(bit) and _closed(order) is None:
            return bool(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)
    return False


def _closed(order: Order) -> str | None:
    """The first of the needed paths that the account cannot use; None when it can use all."""
    for path in order["needed"]:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except PermissionError:
            return path
    program = order["argv"][0]
    return None if os.access(program, os.X_OK) else program


if __name__ == "__main__":
    try:
        launch(json.loads(sys.argv[1]))
    except (LaunchError, OSError) as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - the caller reads it
        sys.exit(LAUNCH_FAILED)

"""Passwords: what a good one is, and argon2id to keep it.

Hashing costs 64 MiB and some ten milliseconds on purpose, so it happens in a thread and only a few at a time:
a flood of sign-ins queues instead of eating the machine.
"""

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from bot.staff.errors import SignInBusy, WeakPassword
from bot.staff.names import fold

SHORTEST = 10
LONGEST = 200
_DISTINCT = 5
_SLOTS = 2
_SLOT_WAIT_S = 10.0

# Long enough, and still among the first an attacker tries: compared in one case and without what people add at
# the end, so that "Password2026!" is "password".
_COMMON = frozenset((files("bot.staff") / "common_passwords.txt").read_text(encoding="utf-8").split())
_ROWS = ("12345678901234567890", "09876543210987654321", "qwertyuiopasdfghjklzxcvbnm", "abcdefghijklmnopqrstuvwxyz")
_KEYS = ("1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn", "q1w2e3r4t5y6u7i8o9p0", "112233445566778899")


def check_strength(password: str, *names: str) -> None:
    """Refuse a password that is easily guessed, from one of the owner's ``names`` too.

    Raises :class:`WeakPassword` with reason ``too_short``, ``too_long``, ``like_name`` or ``too_common``.
    """
    if len(_normal(password)) < SHORTEST:
        raise WeakPassword("too_short")
    if len(password) > LONGEST:
        raise WeakPassword("too_long")
    plain = fold(password)
    core = plain.rstrip("0123456789!?.,;:*#@$%&+-_~ ")
    for name in names:
        known = fold(name)
        if known and (plain == known or (len(known) >= 4 and known in plain and len(plain) - len(known) < 6)):
            raise WeakPassword("like_name")
    if core in _COMMON or plain in _COMMON or len(set(plain)) < _DISTINCT:
        raise WeakPassword("too_common")
    if any(plain in row for row in _ROWS + _KEYS):
        raise WeakPassword("too_common")


def _normal(password: str) -> str:
    # The same characters typed on another keyboard or system must give the same bytes.
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """Hashes and checks passwords; one per process."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)
        # Nobody's password: checking against it takes as long as a real one, so that an unknown name cannot be
        # told by its quick refusal. Random bytes in the right form do; nothing has to be computed.
        salt, tag = _base64(secrets.token_bytes(16)), _base64(secrets.token_bytes(32))
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={lanes}${salt}${tag}"
        self._slots = asyncio.Semaphore(_SLOTS)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of the few places to hash in; :class:`SignInBusy` when none comes free within ten seconds."""
        try:
            async with asyncio.timeout(_SLOT_WAIT_S):
                await self._slots.acquire()
        except TimeoutError:
            raise SignInBusy from None
        try:
            yield
        finally:
            self._slots.release()

    async def hash(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; ``None`` (nobody's) never matches and takes as long."""
        return await asyncio.to_thread(self._verify, stored or self._nobody, password) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()

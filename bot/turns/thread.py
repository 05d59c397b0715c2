"""Reads a customer's thread from a cursor: what a browser missed, in order, without a gap."""

from dataclasses import dataclass

from bot.domain.message import Message
from bot.storage.pool import Pool
from bot.turns.statements import POSITION, RECEIPT, THREAD

REPLAY_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Position:
    """The last ``seq`` of a thread, and how far its customer has received and read."""

    seq: int
    received_seq: int
    read_seq: int


class Thread:
    """One customer's thread on one account, over all of its conversations."""

    def __init__(self, pool: Pool, account: str, identity: str) -> None:
        self._pool = pool
        self._key = {"account": account, "identity": identity}

    async def position(self) -> Position:
        """Where the thread stands; all zero for a customer who has not written yet."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(POSITION, self._key)).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always yields a row
        return Position(*row)

    async def after(self, seq: int, limit: int = REPLAY_LIMIT) -> list[Message]:
        """Up to ``limit`` messages with a greater ``seq``, in order."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(THREAD, {**self._key, "after": seq, "limit": limit})
            return [Message(*row) for row in await cursor.fetchall()]

    async def acknowledge(self, received: int, read: int) -> None:
        """The browser has received, and its owner read, up to these; never goes back."""
        async with self._pool.connection() as connection:
            await connection.execute(RECEIPT, (self._key["account"], self._key["identity"], received, read))

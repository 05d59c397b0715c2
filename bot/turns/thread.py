"""Reads a customer's thread from a cursor: what a browser missed, in order, without a gap."""

from contextlib import suppress
from dataclasses import dataclass

from bot.domain.message import Message
from bot.storage.bodies import open_body
from bot.storage.pool import Pool
from bot.turns.statements import POSITION, RECEIPT, THREAD
from crm_adapter.encryption import Keys, SealBroken
from crm_adapter.identify import identity_blind

REPLAY_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Position:
    """The last ``seq`` of a thread, and how far its customer has received and read."""

    seq: int
    received_seq: int
    read_seq: int


@dataclass(frozen=True, slots=True)
class Page:
    """What a copy of a thread misses, in order; ``reset``: it is no copy of it any more, and what follows is all."""

    position: Position
    reset: bool
    messages: list[Message]


class Thread:
    """One customer's thread on one account, over all of its conversations."""

    def __init__(self, pool: Pool, keys: Keys, account: str, identity: str) -> None:
        self._pool = pool
        self._keys = keys
        self._whose = {"identity": identity_blind(keys, account, identity)}

    async def position(self) -> Position:
        """Where the thread stands; all zero for a customer who has not written yet."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(POSITION, self._whose)).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always yields a row
        return Position(*row)

    async def after(self, seq: int, limit: int = REPLAY_LIMIT) -> list[Message]:
        """Up to ``limit`` messages with a greater ``seq``, in order."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(THREAD, {**self._whose, "after": seq, "limit": limit})
            rows = await cursor.fetchall()
        if not rows:
            return []
        # All of a thread is its identity's, so every row names the same key.
        key_id, kek, wrapped = rows[0][7:]
        key = None
        with suppress(SealBroken):  # damaged: the lines stand there, without their words
            key = self._keys.unwrap(key_id, kek, wrapped) if wrapped is not None else None
        return [Message(row[0], row[1], row[2], row[3], open_body(key, row[0], row[4]), row[5], row[6]) for row in rows]

    async def page(self, after: int) -> Page:
        """What a copy that ends with line ``after`` misses.

        Such a copy is dropped when it is ahead (the thread was erased and began again), too far behind, or when lines
        that it never had are gone by their age: it would wait for them for ever.
        """
        position = await self.position()
        if after == position.seq:
            return Page(position, False, [])
        elsewhere = after > position.seq or position.seq - after > REPLAY_LIMIT
        messages = await self.after(max(0, position.seq - REPLAY_LIMIT) if elsewhere else after)
        first = messages[0].seq if messages else position.seq + 1
        return Page(position, elsewhere or first > after + 1, messages)

    async def acknowledge(self, received: int, read: int) -> None:
        """The browser has received, and its owner read, up to these; never goes back."""
        async with self._pool.connection() as connection:
            await connection.execute(RECEIPT, (self._whose["identity"], received, read))

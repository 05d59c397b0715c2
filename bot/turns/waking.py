"""Silence: conversations whose dialog wants to be told that nothing was heard until now."""

import asyncio
from datetime import datetime
from typing import NoReturn
from uuid import UUID

import structlog

from bot.faults import places_of
from bot.storage.pool import Connection, Pool
from bot.turns.events import Teller
from bot.turns.take import TurnUnavailable

log = structlog.get_logger(__name__)

EVERY_S = 2.0
AT_ONCE = 100

# A conversation that a turn holds is not silent. Nothing is claimed: of two servers that see the same row, the first
# to have its lock tells the dialog, and the other is refused, for the time to wake it is another one by then.
_DUE = """
SELECT c.id, c.identity_id, c.wake_at FROM bot.conversations c
 WHERE c.wake_at <= now() AND c.closed_at IS NULL
 ORDER BY c.wake_at LIMIT %s
   FOR UPDATE SKIP LOCKED
"""
_FORGET = "UPDATE bot.conversations SET wake_at = NULL WHERE id = %s AND wake_at = %s"


class Waker:
    """Sends the event ``silence`` when its time has come; survives restarts, for the time stands in the store."""

    def __init__(self, pool: Pool, teller: Teller) -> None:
        self._pool = pool
        self._teller = teller

    async def run(self) -> NoReturn:
        """Looks every two seconds, for ever; an error is logged and the next look tries again."""
        while True:
            try:
                full = await self.wake_due() == AT_ONCE
            except Exception as error:
                log.warning("silence could not be told", reason=type(error).__name__)
                full = False
            if not full:
                await asyncio.sleep(EVERY_S)

    async def wake_due(self) -> int:
        """Tells everybody whose time has come, at most a hundred; how many there were."""
        async with self._pool.connection() as connection:
            due = await _due(connection)
        for conversation_id, identity_id, wake_at in due:
            await self._wake(conversation_id, identity_id, wake_at)
        return len(due)

    async def _wake(self, conversation_id: UUID, identity_id: UUID, wake_at: datetime) -> None:
        key = f"silence:{conversation_id}:{wake_at.isoformat()}"
        try:
            told = await self._teller.tell(
                identity_id, "silence", {}, key, conversation_id=conversation_id, wake_at=wake_at
            )
        except TurnUnavailable:
            return
        except Exception as error:
            log.error("a dialog cannot be told of silence", conversation=str(conversation_id), fault=places_of(error))
            told = None
        if told is None:  # refused, or never to be told: it must not come up again and again
            async with self._pool.connection() as connection:
                await connection.execute(_FORGET, (conversation_id, wake_at))


async def _due(connection: Connection) -> list[tuple[UUID, UUID, datetime]]:
    rows = await (await connection.execute(_DUE, (AT_ONCE,))).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]

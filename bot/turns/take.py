"""Takes one message through its turn."""

from contextlib import suppress

import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from bot.domain.message import Inbound, Taken
from bot.metrics import TURN_SECONDS, TURNS
from bot.storage.pool import Connection, Pool
from bot.turns.decide import Decider
from bot.turns.receive import Received, receive
from bot.turns.record import record
from bot.turns.statements import UNMARK

log = structlog.get_logger(__name__)

UNAVAILABLE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TooManyRequests)


class TurnUnavailable(Exception):
    """The store cannot take the message now; nothing of it was recorded unless it was recorded whole. Send it again."""


class Turns:
    """The one path of a message; the only writer of conversations."""

    def __init__(self, pool: Pool, decider: Decider) -> None:
        self._pool = pool
        self._decider = decider

    async def take(self, inbound: Inbound) -> Taken:
        """Receives, decides, records and commits one message.

        However often and however simultaneously the same message is delivered, it is recorded once, and each delivery
        gets the same answers. Raises :class:`TurnUnavailable` when the store is away or its lock cannot be had in time.
        """
        with TURN_SECONDS.time():
            try:
                async with self._pool.connection() as connection:
                    taken = await self._turn(connection, inbound)
            except UNAVAILABLE as error:
                TURNS.labels("unavailable").inc()
                log.warning("turn unavailable", reason=type(error).__name__)
                raise TurnUnavailable from error
        TURNS.labels("duplicate" if taken.duplicate else "taken").inc()
        return taken

    async def _turn(self, connection: Connection, inbound: Inbound) -> Taken:
        try:
            async with connection.pipeline() as pipeline:
                received = await receive(connection, pipeline, inbound)
                if received.first is not None:
                    await connection.execute("ROLLBACK")
                    await connection.execute(UNMARK, (inbound.account, inbound.external_id))
                    return _repeat(received)
                decision = self._decider.decide(inbound, received.situation, received.crashes)
                question, answers = await record(connection, inbound, received, decision)
                await connection.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                await connection.rollback()
            raise
        return Taken(received.conversation_id, received.identity_id, question, answers)


def _repeat(received: Received) -> Taken:
    assert received.first is not None  # noqa: S101
    return Taken(received.conversation_id, received.identity_id, received.first, received.first_answers, duplicate=True)

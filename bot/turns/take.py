"""Takes one message through its turn."""

from contextlib import suppress
from time import perf_counter

import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from bot.domain.message import Inbound, Taken
from bot.metrics import OUTCOMES, STAGE_SECONDS, TURN_SECONDS, TURNS
from bot.storage.pool import Connection, Pool
from bot.tracing import span
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
        with TURN_SECONDS.time(), span("turn", inbound.trace_id):
            try:
                async with self._pool.connection() as connection:
                    taken = await self._turn(connection, inbound)
            except UNAVAILABLE as error:
                TURNS.labels("unavailable").inc()
                log.warning("turn unavailable", reason=type(error).__name__)
                raise TurnUnavailable from error
        result = "duplicate" if taken.duplicate else "taken"
        TURNS.labels(result).inc()
        log.debug(f"turn {result}", conversation=str(taken.conversation_id), seq=taken.message.seq)
        return taken

    async def _turn(self, connection: Connection, inbound: Inbound) -> Taken:
        try:
            async with connection.pipeline() as pipeline:
                started = perf_counter()
                received = await receive(connection, pipeline, inbound)
                if received.first is not None:
                    await connection.execute("ROLLBACK")
                    await connection.execute(UNMARK, (inbound.account, inbound.external_id))
                    return _repeat(received)
                known = perf_counter()
                decision = self._decider.decide(inbound, received.situation, received.crashes)
                decided = perf_counter()
                question, answers = await record(connection, inbound, received, decision)
                await connection.execute("COMMIT")
            committed = perf_counter()
        except BaseException:
            # This attempt fails without killing its process, so its mark must not count as if it had.
            with suppress(psycopg.Error):
                await connection.rollback()
                await connection.execute(UNMARK, (inbound.account, inbound.external_id))
            raise
        for stage, seconds in (
            ("receive", known - started),
            ("decide", decided - known),
            ("record", committed - decided),
        ):
            STAGE_SECONDS.labels(stage).observe(seconds)
        OUTCOMES.labels(decision.outcome.kind).inc()
        return Taken(received.conversation_id, received.identity_id, question, answers)


def _repeat(received: Received) -> Taken:
    assert received.first is not None  # noqa: S101
    return Taken(received.conversation_id, received.identity_id, received.first, received.first_answers, duplicate=True)

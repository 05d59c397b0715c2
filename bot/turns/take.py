"""Takes one message through its turn."""

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

import psycopg
import structlog
from psycopg.errors import DeadlockDetected
from psycopg_pool import PoolTimeout, TooManyRequests

from bot.domain.decision import Decision, Situation
from bot.domain.message import Inbound, Taken
from bot.faults import places_of
from bot.metrics import OUTCOMES, STAGE_SECONDS, TURN_SECONDS, TURNS
from bot.storage.pool import Connection, Pool
from bot.tracing import span
from bot.turns.acting import Actor
from bot.turns.decide import Asking, Decider
from bot.turns.deferring import defer_actions
from bot.turns.receive import Received, message_blind, receive
from bot.turns.record import record
from bot.turns.statements import UNMARK
from crm_adapter.encryption import KeyringFault, Keys
from crm_adapter.identify import RENEW_KEY, KeyDamaged, renewal_arguments

log = structlog.get_logger(__name__)

# The last where a rotation's keyring has not come to this node yet: another one takes the message, or we do later.
UNAVAILABLE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TooManyRequests, KeyringFault)


Mark = tuple[bytes, int]
"""Blind index of the message and database session of an attempt."""
Decide = Callable[[Inbound, Situation, int], Decision | Asking]


class TurnUnavailable(Exception):
    """The store cannot take the message now; nothing of it was recorded unless it was recorded whole. Send it again."""


class EventRefused(Exception):
    """What the event was meant for is over: another one speaks, it is closed, to be woken later, or somebody's gone."""


class Turns:
    """The one path of a message; the only writer of conversations but for the desk.

    ``actor`` carries out what the dialog asks for; without one, a dialog that asks for anything gets an apology.
    """

    def __init__(self, pool: Pool, decider: Decider, keys: Keys, actor: Actor | None = None) -> None:
        self._pool = pool
        self._keys = keys
        self._decider = decider
        self._actor = actor
        self._owed: set[Mark] = set()

    async def take(self, inbound: Inbound) -> Taken:
        """Receives, decides, records and commits one message or event.

        However often and however simultaneously the same message is delivered, it is recorded once, and each delivery
        gets the same answers. Raises :class:`TurnUnavailable` when the store is away or its lock cannot be had in time,
        and :class:`EventRefused` for an event that is too late.
        """
        with TURN_SECONDS.time(), span("turn", inbound.trace_id):
            try:
                async with self._pool.connection() as connection:
                    await self._pay_owed(connection)
                    taken = await self._turn_or_apology(connection, inbound)
            except UNAVAILABLE as error:
                TURNS.labels("unavailable").inc()
                log.warning("turn unavailable", reason=type(error).__name__)
                raise TurnUnavailable from error
        result = "duplicate" if taken.duplicate else "taken"
        TURNS.labels(result).inc()
        conversation, seq = str(taken.conversation_id), taken.message.seq
        log.debug("turn taken", duplicate=taken.duplicate, conversation=conversation, seq=seq)
        return taken

    async def _turn_or_apology(self, connection: Connection, inbound: Inbound) -> Taken:
        try:
            return await self._turn(connection, inbound, self._decider.decide)
        except DeadlockDetected:
            # An action and somebody outside of turns have locked the same people in another order.
            return await self._turn(connection, inbound, self._decider.decide)
        except (*UNAVAILABLE, EventRefused):
            raise
        except KeyDamaged as damaged:
            log.error("a data key is damaged", key=str(damaged.key_id))
            await connection.execute(RENEW_KEY, renewal_arguments(self._keys, damaged, inbound.identity))
            return await self._turn(connection, inbound, self._decider.decide)
        except Exception as error:
            # What was decided cannot be recorded (an answer PostgreSQL refuses, a body that is no JSON): the same
            # message would break the same way for ever, so this time a person gets it.
            log.error("decision cannot be recorded", fault=places_of(error))
            return await self._turn(connection, inbound, self._decider.give_up)

    async def _turn(self, connection: Connection, inbound: Inbound, decide: Decide) -> Taken:
        blind = message_blind(self._keys, inbound)
        mark = (blind, connection.pgconn.backend_pid)
        acting = False
        try:
            started = perf_counter()
            received = await receive(connection, self._keys, inbound, blind)
            if received.first is not None:
                await connection.exchange(b"ROLLBACK", (UNMARK, mark))
                return _repeat(received)
            if inbound.concerns is not None and not received.is_concerned(inbound.concerns):
                raise EventRefused
            known = perf_counter()
            decision = decide(inbound, received.situation, received.crashes)
            if isinstance(decision, Asking) or decision.after_commit:
                acting = True
                decision = await self._act(connection, inbound, received, blind, decision)
                acting = False
            decided = perf_counter()
            lines = await record(connection, inbound, blind, received, decision)
            committed = perf_counter()
        except BaseException:
            # This attempt fails without killing its process, so its mark must not count as if it had; when the
            # session is lost, the next turn removes it. But an action that costs its session would do so for ever.
            if not (acting and connection.broken):
                self._owed.add(mark)
            with suppress(psycopg.Error):
                await connection.rollback()
                await self._pay_owed(connection)
            raise
        for stage, seconds in (
            ("receive", known - started),
            ("decide", decided - known),
            ("record", committed - decided),
        ):
            STAGE_SECONDS.labels(stage).observe(seconds)
        OUTCOMES.labels(decision.outcome.kind).inc()
        at_desk = received.situation.owner != "bot" or decision.owner not in (None, "bot")
        locale = decision.locale or received.situation.locale
        return Taken(
            received.conversation_id,
            received.sender.identity_id,
            *lines,
            at_desk=at_desk,
            locale=locale,
            working=decision.working,
        )

    async def _act(
        self, connection: Connection, inbound: Inbound, received: Received, blind: bytes, decision: Decision | Asking
    ) -> Decision:
        if self._actor is None:
            log.error("the dialog wants something done, and there is nobody to do it")
            return self._decider.give_up(inbound, received.situation)
        if isinstance(decision, Asking):
            decision = await self._actor.carry_on(connection, self._decider, inbound, received, blind.hex(), decision)
        await defer_actions(connection, inbound, received, decision)
        return decision

    async def _pay_owed(self, connection: Connection) -> None:
        for mark in list(self._owed):
            await connection.exchange((UNMARK, mark))
            self._owed.discard(mark)


def _repeat(received: Received) -> Taken:
    assert received.first is not None  # noqa: S101
    who = received.sender.identity_id
    at_desk = received.situation.owner != "bot"
    return Taken(received.conversation_id, who, received.first, received.first_answers, duplicate=True, at_desk=at_desk)

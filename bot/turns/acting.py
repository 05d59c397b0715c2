"""Carries out what a dialog asks for on its way, inside the turn's transaction and on its connection."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any, Protocol

import structlog
from psycopg.errors import DeadlockDetected
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.decision import ActionCall, ActionResult, Decision, FlowWanted, Given, Wanted
from bot.domain.message import Inbound
from bot.faults import places_of
from bot.flows.engine.parking import FIND
from bot.handlers.action import ActionFault, HandlerTurn
from bot.handlers.executing import Actions
from bot.storage.lending import Lender
from bot.storage.pool import Connection
from bot.turns.budget import Interruptible
from bot.turns.decide import Asking, Broken, Decider
from bot.turns.receive import Received
from crm_adapter.encryption import Keys
from crm_adapter.sql_store import SqlStore

log = structlog.get_logger(__name__)

MOST_WISHES = 20
"""What one turn may ask for; flows that go round and round end here."""

_UNKNOWN: Any = object()


class Flows(Protocol):
    """Where versions of flows are found by their content's hash."""

    def held(self, content_hash: str) -> Mapping[str, Any] | None:
        """The document, where it is in memory."""
        ...

    async def load(self, connection: Connection, content_hash: str) -> Mapping[str, Any] | None:
        """The document from the store, on the turn's connection."""
        ...


class Actor:
    """Runs actions one by one, each in a savepoint; together they may take ``action_s``."""

    def __init__(
        self, actions: Actions, crm: SqlStore, keys: Keys, action_s: float, flows: Flows | None = None
    ) -> None:
        self._actions = actions
        self._crm = crm
        self._keys = keys
        self._action_s = action_s
        self._flows = flows
        self._lender = Lender()

    async def carry_on(
        self, connection: Connection, decider: Decider, inbound: Inbound, received: Received, run: str, asking: Asking
    ) -> Decision:
        """The decision, once everything wanted for it was done. ``run`` names the message in every attempt at it.

        What is known anyway costs no round trip. A dialog that breaks on its way has done nothing: what its actions
        wrote goes with it.
        """
        begun = False
        until = monotonic() + self._action_s
        try:
            for _ in range(MOST_WISHES):
                given = self._known(received, asking.wanted)
                if given is _UNKNOWN:
                    if not begun:
                        await connection.exchange(b"SAVEPOINT dialog", b"SAVEPOINT action")
                        begun = True
                    else:
                        await connection.exchange(b"RELEASE SAVEPOINT action", b"SAVEPOINT action")
                    given = await self._give(connection, inbound, received, run, asking.wanted, until)
                progress = decider.resume(asking, given)
                if isinstance(progress, Decision):
                    return progress
                asking = progress
            log.error("dialog wants too much", wishes=MOST_WISHES)
        except Broken:
            pass
        if begun:
            await connection.execute("ROLLBACK TO SAVEPOINT dialog")
        return decider.give_up(inbound, received.situation)

    def _known(self, received: Received, wanted: Wanted) -> Any:
        """What can be given without asking the store."""
        if isinstance(wanted, FlowWanted):
            return self._flows.held(wanted.content_hash) or _UNKNOWN if self._flows is not None else None
        if wanted.name == FIND and not received.parked:
            return ActionResult()
        return _UNKNOWN

    async def _give(
        self, connection: Connection, inbound: Inbound, received: Received, run: str, wanted: Wanted, until: float
    ) -> Given:
        if isinstance(wanted, FlowWanted):
            return await self._flows.load(connection, wanted.content_hash) if self._flows is not None else None
        try:
            async with self._lender.lend(connection) as borrowed, asyncio.timeout(until - monotonic()):
                run_key = f"{run}:{wanted.flow}:{wanted.step}"
                turn = self._turn(borrowed, inbound, received, run_key, wanted)
                result = await Interruptible(self._actions.run(wanted, turn), self._action_s)
            if connection.info.transaction_status != TransactionStatus.INTRANS:
                raise ActionFault("transaction_broken", "a statement failed, and the action went on")
        except Exception as error:
            if isinstance(deadlock := getattr(error, "orig", error), DeadlockDetected):
                raise deadlock from error  # only a turn that lets go of everything helps
            code = code_of(error)
            log.error("action failed", action=wanted.name, code=code, fault=places_of(error))
            await connection.execute("ROLLBACK TO SAVEPOINT action")
            return ActionResult(failed=code)
        return result

    def _turn(
        self, borrowed: AsyncConnection, inbound: Inbound, received: Received, run: str, call: ActionCall
    ) -> HandlerTurn:
        situation = received.situation
        return HandlerTurn(
            crm=self._crm.within(borrowed),
            keys=self._keys,
            data_key=received.sender.key,
            contact_id=received.sender.contact_id,
            identity_id=received.sender.identity_id,
            conversation_id=received.conversation_id,
            channel=inbound.channel,
            account=inbound.account,
            assurance=inbound.assurance,
            locale=call.locale,
            now=situation.now,
            message=inbound.body,
            message_id=received.message_id,
            run_key=run,
            upset=call.upset,
            lent=borrowed,
            newcomer=received.sender.new,
        )


def code_of(error: Exception) -> str:
    """What the dialog layer is told of a failure."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, SQLAlchemyError):  # its codes are addresses in its manual
        return "internal"
    code = getattr(error, "code", None)
    return code if isinstance(code, str) and code.isidentifier() else "internal"

"""What an action is, and what it has to work with: Rasa's ``Action``, run inside a turn or after it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.message import Assurance, Body
from crm_adapter.encryption import DataKey, Keys
from crm_adapter.sql_store import SqlStore

Where = Literal["transaction", "after_commit"]


class ActionFault(Exception):
    """An action did what it may not do; ``code`` says what. ``final``: to try it again would be of no use, or wrong."""

    def __init__(self, code: str, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.final = final


@dataclass(frozen=True, slots=True)
class HandlerTurn:
    """The turn that an action runs in.

    ``crm`` is the customer store: inside a transaction what it writes is committed with the turn, or not at all.
    ``message`` is the body of the inbound message, ``message_id`` its id, ``now`` when it was received. ``data_key``
    seals what is kept of the identity. ``run_key`` names this run of the action in every attempt at it. ``newcomer``:
    this turn's transaction has made the contact. ``upset``: the customer is or was angry in this
    conversation, so what is opened now is urgent.
    """

    crm: SqlStore
    keys: Keys
    data_key: DataKey = field(repr=False)
    contact_id: UUID
    identity_id: UUID
    conversation_id: UUID
    channel: str
    account: str
    assurance: Assurance
    locale: str
    now: datetime
    message: Body = field(repr=False)
    message_id: UUID
    run_key: str
    upset: bool = False
    lent: AsyncConnection | None = field(default=None, repr=False)
    newcomer: bool = False

    @property
    def connection(self) -> AsyncConnection:
        """The turn's own connection: no commit and no rollback, savepoints as usual.

        Raises :class:`ActionFault` ``no_transaction`` for an action that runs after the commit.
        """
        if self.lent is None:
            raise ActionFault("no_transaction", "an action after the commit has no transaction to work in")
        return self.lent

    def key(self, what: str = "") -> str:
        """An idempotency key for what this run of the action writes once, however often it is tried."""
        return f"{self.run_key}:{what}" if what else self.run_key


_running: ContextVar[HandlerTurn] = ContextVar("handler_turn")


def within() -> HandlerTurn:
    """The turn of the action that runs now; ``LookupError`` outside of one."""
    return _running.get()


@contextmanager
def running(turn: HandlerTurn) -> Iterator[None]:
    """Actions in the block find ``turn``."""
    token = _running.set(turn)
    try:
        yield
    finally:
        _running.reset(token)


class LocalAction(Action):
    """An action of ours. Its services come by its constructor, by their names; see :mod:`bot.handlers.registry`.

    ``where``: in the ``transaction`` of the turn it may write to our store only and reach nothing outside;
    ``after_commit`` it may reach what it wants, is tried again when it fails, and has no transaction.
    ``reads``: the slots that it is told of, so that a correction of another one need not run it again; ``None`` is all.
    """

    where: ClassVar[Where] = "transaction"
    reads: ClassVar[frozenset[str] | None] = None

    def name(self) -> str:
        """``OpenCase`` is ``action_open_case``."""
        return "action" + re.sub(r"(?=[A-Z])", "_", type(self).__name__).lower()

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Does its work and says what changes: ``SlotSet`` events, words through the dispatcher."""
        raise NotImplementedError

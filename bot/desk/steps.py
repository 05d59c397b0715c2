"""What a person does with a conversation: take, answer, let go. Each step is one transaction, once per id."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from bot.desk.faults import (
    AlreadyKnown,
    DeskRefused,
    FileUnknown,
    KeyLost,
    NotYours,
    SpeakerChanged,
    StepReused,
    TakenByAnother,
    UnknownConversation,
)
from bot.desk.told import back_with_the_bot
from bot.domain.message import Body
from bot.realtime import JSON, Realtime
from bot.realtime.topics import DESK, thread_topic
from bot.storage.bodies import seal_body
from bot.storage.tables import conversations
from crm_adapter.encryption import DataKey, Keys, SealBroken, seal, unseal
from crm_adapter.identify import Sender

log = structlog.get_logger(__name__)

Leaving = Literal["to_queue", "to_bot", "resolve"]
Settling = Literal["arrived", "again"]
Defer = Callable[[AsyncConnection, str, Mapping[str, Any], str, UUID], Awaitable[None]]
"""Has an event (its name, values and key) told to the dialog of an identity once the transaction is committed."""
Typist = Callable[[str, bool, datetime | None], None]
"""Shows that a person writes to this identity, or has stopped; it does not wait for that. The identity acted last then,
as far as its channel has send windows."""

_ACTED = text("SELECT max(at) FROM bot.send_windows WHERE identity_id = :identity")
_HOLD = text("SELECT key_id, kek, wrapped, sealed_external_id FROM crm.hold_identity(:identity)")
_TAKE = text("SELECT fence FROM bot.desk_take(:step, :conversation, :agent)")
_ANSWER = text(
    "SELECT message_id, seq FROM bot.desk_answer(:step, :conversation, :agent, :fence, :message, :sealed_body, :at,"
    " :trace, :interactions)"
).bindparams(bindparam("interactions", type_=JSONB))
_LEAVE = text(
    "SELECT fence, first FROM bot.desk_leave(:step, :conversation, :agent, :fence, :kind, :message, :sealed_body, :at,"
    " :trace, :interactions)"
).bindparams(bindparam("interactions", type_=JSONB(none_as_null=True)))
_SETTLE = text("SELECT bot.desk_settle(:step, :conversation, :agent, :fence, :message, :kind)")
_ADDRESS = text("SELECT channel, assurance FROM crm.address_of(:identity)")
# What no message names is forgotten after a day; each file is named by one message.
_NAME_FILES = text(
    "UPDATE bot.blobs SET message_id = :message WHERE id = ANY(:files) AND identity_id = :identity"
    " AND message_id IS NULL"
)
_STALE, _NOT_WAITING, _UNKNOWN, _REUSED, _KNOWN = "YD001", "YD002", "YD003", "YD004", "YD005"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that one person does to one conversation; ``id`` is made by the person's browser, once per deed."""

    id: UUID
    conversation_id: UUID
    agent_id: UUID
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Under which id and number the answer stands."""

    message_id: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class _Talk:
    """Where the conversation is, and what is needed to write into it."""

    identity_id: UUID
    locale: str
    account: str
    identity: str | None
    key: DataKey | None


class Desk:
    """The people's side of "who may speak": the fence of the conversation is moved, and asked for, by the database."""

    def __init__(self, engine: AsyncEngine, keys: Keys, realtime: Realtime, defer: Defer) -> None:
        self._engine = engine
        self._keys = keys
        self._realtime = realtime
        self._defer = defer
        self.typists: dict[str, Typist] = {}
        """Who shows, by account, to customers without a browser of ours that somebody writes."""

    async def take(self, step: Step) -> int:
        """The conversation is this person's, and the bot's unsent words are cancelled; the fence from now on.

        Raises :class:`TakenByAnother` when it does not wait any more, :class:`UnknownConversation`,
        :class:`StepReused`.
        """
        async with self._refusals(step), self._engine.begin() as connection:
            fence = await connection.scalar(_TAKE, _named(step))
        log.info("desk.taken", conversation=str(step.conversation_id), by=str(step.agent_id))
        await self._realtime.publish(DESK, {"conversation": str(step.conversation_id)})
        return int(fence)

    async def answer(self, step: Step, fence: int, body: Body) -> Answered:
        """Says it to the customer: message, outbox row and interaction (CH2) are there together, once per step.

        Its attachments are files of the customer's that no message named before (:meth:`customer`); ``text`` may be
        missing then. Raises :class:`FileUnknown` for others, :class:`SpeakerChanged` when ``fence`` is not that of the
        conversation any more, :class:`KeyLost`, and what :meth:`take` does.
        """
        async with self._refusals(step), self._engine.begin() as connection:
            talk = await self._known(connection, step)
            values = _line(talk, body, step.trace_id)
            row = (await connection.execute(_ANSWER, {**_named(step), "fence": fence, **values})).one()
            files = [UUID(one["id"]) for one in body.get("attachments", ())]
            if files and row.message_id == values["message"]:  # else it was said before
                named = {"message": row.message_id, "files": files, "identity": talk.identity_id}
                if (await connection.execute(_NAME_FILES, named)).rowcount != len(files):
                    raise FileUnknown
        log.info("desk.answered", conversation=str(step.conversation_id), by=str(step.agent_id), seq=row.seq)
        await self._tell(step, talk, row.seq)
        return Answered(row.message_id, row.seq)

    async def leave(self, step: Step, fence: int, kind: Leaving) -> int:
        """Lets go: back to the queue, to the bot (which says so), or resolved, which closes the conversation and is
        told to the dialog as the event ``resolved`` (a survey may follow).

        Raises what :meth:`answer` does.
        """
        async with self._refusals(step), self._engine.begin() as connection:
            talk = await self._known(connection, step)
            values: dict[str, Any] = dict.fromkeys(("message", "sealed_body", "at", "trace", "interactions"))
            if kind == "to_bot":
                values = _line(talk, back_with_the_bot(talk.locale), step.trace_id)
            row = (await connection.execute(_LEAVE, {**_named(step), "fence": fence, "kind": kind, **values})).one()
            if kind == "resolve" and row.first and talk.key is not None:
                about = {"conversation_id": str(step.conversation_id), "agent_id": str(step.agent_id)}
                await self._defer(connection, "resolved", about, f"resolved:{step.id}", talk.identity_id)
        log.info("desk.left", conversation=str(step.conversation_id), by=str(step.agent_id), kind=kind)
        await self._tell(step, talk)
        return int(row.fence)

    async def settle(self, step: Step, fence: int, message_id: UUID, kind: Settling) -> None:
        """Nobody knows whether the line has arrived: it has, says this person, or it is sent again.

        Raises :class:`AlreadyKnown` when that is no question (any more), and what :meth:`take` does; to send it again
        is to speak, and refused as :meth:`answer` is.
        """
        values = {**_named(step), "fence": fence, "message": message_id, "kind": kind}
        async with self._refusals(step), self._engine.begin() as connection:
            await connection.execute(_SETTLE, values)
        log.info("desk.settled", message=str(message_id), by=str(step.agent_id), kind=kind)
        await self._realtime.publish(DESK, {"conversation": str(step.conversation_id)})

    async def customer(self, conversation_id: UUID, agent_id: UUID) -> Sender:
        """Whose a file is that this person is going to send.

        Raises :class:`UnknownConversation` for a conversation that is not this person's now, :class:`KeyLost`.
        """
        async with self._engine.begin() as connection:
            talk = await self._talk(connection, conversation_id, agent_id)
            if talk is None:
                raise UnknownConversation
            if talk.identity is None:
                raise KeyLost
            found = (await connection.execute(_ADDRESS, {"identity": talk.identity_id})).one()
        return Sender(found.channel, talk.account, talk.identity, found.assurance, talk.locale)

    async def show_typing(self, conversation_id: UUID, agent_id: UUID, on: bool) -> None:
        """The customer sees that somebody writes; nothing comes of it for who does not have the conversation."""
        async with self._engine.begin() as connection:
            talk = await self._talk(connection, conversation_id, agent_id)
            typist = None if talk is None else self.typists.get(talk.account)
            acted = None
            if talk is not None and typist is not None:
                acted = await connection.scalar(_ACTED, {"identity": talk.identity_id})
        if talk is not None and talk.identity is not None:
            hint: dict[str, JSON] = {"kind": "typing", "by": "staff", "on": on}
            await self._realtime.publish(thread_topic(talk.account, talk.identity), hint)
            if typist is not None:
                typist(talk.identity, on, acted)

    async def _talk(
        self, connection: AsyncConnection, conversation_id: UUID, agent_id: UUID | None = None
    ) -> _Talk | None:
        wanted = select(conversations.c.identity_id, conversations.c.account, conversations.c.locale)
        wanted = wanted.where(conversations.c.id == conversation_id)
        if agent_id is not None:
            wanted = wanted.where(conversations.c.agent_id == agent_id, conversations.c.closed_at.is_(None))
        row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            return None
        held = (await connection.execute(_HOLD, {"identity": row.identity_id})).one_or_none()
        if held is None or held.wrapped is None:
            return _Talk(row.identity_id, row.locale, row.account, None, None)
        try:
            key = self._keys.unwrap(held.key_id, held.kek, bytes(held.wrapped))
            whose = unseal(key, "identities.external_id", row.identity_id, bytes(held.sealed_external_id)).decode()
        except SealBroken:
            return _Talk(row.identity_id, row.locale, row.account, None, None)
        return _Talk(row.identity_id, row.locale, row.account, whose, key)

    async def _known(self, connection: AsyncConnection, step: Step) -> _Talk:
        talk = await self._talk(connection, step.conversation_id)
        if talk is None:
            raise UnknownConversation
        return talk

    async def _tell(self, step: Step, talk: _Talk, seq: int | None = None) -> None:
        """Widget and console look at once; a hint that is lost costs them seconds, no message."""
        if talk.identity is not None:
            await self._realtime.publish(thread_topic(talk.account, talk.identity), {"kind": "message", "seq": seq})
        await self._realtime.publish(DESK, {"conversation": str(step.conversation_id)})

    @asynccontextmanager
    async def _refusals(self, step: Step) -> AsyncIterator[None]:
        """What the database refuses, in our own words; who has the conversation is read after the roll-back."""
        try:
            yield
        except DBAPIError as fault:
            state = fault.orig.sqlstate if isinstance(fault.orig, psycopg.Error) else None
            refused = await self._refusal(state, step)
            if refused is None:
                raise
            log.info("desk.refused", code=refused.code, conversation=str(step.conversation_id), by=str(step.agent_id))
            raise refused from None

    async def _refusal(self, state: str | None, step: Step) -> DeskRefused | None:
        if state == _UNKNOWN:
            return UnknownConversation()
        if state == _REUSED:
            return StepReused()
        if state == _KNOWN:
            return AlreadyKnown()
        kind: type[NotYours] | None = {_STALE: SpeakerChanged, _NOT_WAITING: TakenByAnother}.get(state or "")
        if kind is None:
            return None
        wanted = select(conversations.c.owner, conversations.c.agent_id, conversations.c.closed_at)
        async with self._engine.connect() as connection:
            row = (await connection.execute(wanted.where(conversations.c.id == step.conversation_id))).one_or_none()
        if row is None:
            return UnknownConversation()
        return kind(row.owner, row.agent_id, row.closed_at is not None)


def _named(step: Step) -> dict[str, UUID]:
    return {"step": step.id, "conversation": step.conversation_id, "agent": step.agent_id}


def _line(talk: _Talk, body: Body, trace_id: str) -> dict[str, Any]:
    """A message with its interaction, sealed, as the functions of ``sql/`` take it."""
    if talk.key is None:
        raise KeyLost
    message_id, interaction_id, now = uuid7(), uuid7(), datetime.now(UTC)
    content = seal(talk.key, "interactions.content", interaction_id, _words_of(body).encode())
    interaction = {
        "id": str(interaction_id),
        "direction": "out",
        "at": now.isoformat(),
        "sealed_content": "\\x" + content.hex(),
        "key": f"message:{message_id}",
    }
    sealed_body = seal_body(talk.key, message_id, body)
    return {
        "message": message_id,
        "sealed_body": sealed_body,
        "at": now,
        "trace": trace_id,
        "interactions": [interaction],
    }


def _words_of(body: Body) -> str:
    """A body for the record: its words, else the names of its files."""
    return str(body.get("text") or ", ".join(str(one["name"]) for one in body.get("attachments", ())))

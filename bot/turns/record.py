"""The second round trip of a turn: everything the message caused, in one statement, and COMMIT."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from bot.domain.decision import Decision
from bot.domain.message import Body, Inbound, Message
from bot.storage.bodies import seal_body, seal_state
from bot.storage.pool import Connection
from bot.turns.receive import Received
from bot.turns.statements import RECORD
from crm_adapter.encryption import seal


async def record(
    connection: Connection, inbound: Inbound, blind: bytes, received: Received, decision: Decision
) -> tuple[Message, tuple[Message, ...]]:
    """Writes the message, its answers, their outbox rows, the interactions and the new state, and commits.

    An event is no line of its own: only what it led to is written.
    The database refuses it (SQLSTATE YD001) when the conversation has another speaker by now.
    """
    now = datetime.now(UTC)
    heard = inbound.event is None
    seq = received.last_seq + heard
    question = Message(
        received.message_id,
        seq,
        "in",
        "customer" if heard else "system",
        inbound.body,
        inbound.received_at,
        inbound.client_msg_id,
    )
    answers = tuple(
        Message(uuid7(), seq + number, "out", "bot", reply, now) for number, reply in enumerate(decision.replies, 1)
    )
    lines = (question, *answers) if heard else answers
    interactions = [uuid7() for _ in lines]
    key, before = received.sender.key, received.situation
    locale = decision.locale or before.locale
    values = (
        received.conversation_id,
        received.fence,
        received.sender.identity_id,
        inbound.channel,
        inbound.account,
        blind,
        inbound.trace_id,
        locale if locale != before.locale else None,
        decision.owner or before.owner,
        seal_state(key, received.conversation_id, decision.state),
        decision.wake_at,
        decision.close,
        decision.urgent,
        heard,
        question.id,
        question.client_msg_id,
        question.at,
        now,
        received.last_seq,
        [line.id for line in lines],
        tuple(seal_body(key, line.id, line.body) for line in lines),
        [UUID(item["id"]) for item in inbound.body.get("attachments", ())] if heard else [],
        interactions,
        tuple(
            seal(key, "interactions.content", interaction, content_of(line.body).encode())
            for interaction, line in zip(interactions, lines, strict=True)
        ),
        decision.outcome.kind,
        decision.outcome.ref,
        round(max(0.0, (now - question.at).total_seconds()) * 1000, 3),
        inbound.reply_by,
        inbound.act,
    )
    await connection.exchange((RECORD, values), b"COMMIT")
    return question, answers


def content_of(body: Body) -> str:
    """A body as one text for the record: its words, or the names of its files, or the choice tapped."""
    if text := body.get("text"):
        return str(text)
    if attachments := body.get("attachments"):
        return ", ".join(str(item["name"]) for item in attachments)
    return str(body.get("choice", ""))

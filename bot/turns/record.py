"""The second round trip of a turn: everything the message caused, in one statement, and COMMIT."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from bot.domain.decision import Decision
from bot.domain.message import Author, Body, Inbound, Message
from bot.storage.bodies import seal_body, seal_state
from bot.storage.pool import Connection
from bot.turns.receive import Received
from bot.turns.statements import RECORD
from crm_adapter.encryption import DataKey, seal


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
    latency_ms = round(max(0.0, (now - inbound.received_at).total_seconds()) * 1000, 3)
    key = received.sender.key
    rows = [_message_row(key, question, None)] if heard else []
    rows += [_message_row(key, answer, question) for answer in answers]
    interactions = [_interaction(key, question, decision, latency_ms)] if heard else []
    interactions += [_interaction(key, answer, decision, None) for answer in answers]
    values = (
        received.conversation_id,
        received.fence,
        received.sender.identity_id,
        inbound.channel,
        inbound.account,
        blind,
        inbound.trace_id,
        decision.locale or received.situation.locale,
        decision.owner or received.situation.owner,
        seal_state(key, received.conversation_id, decision.state),
        Jsonb(rows),
        [UUID(item["id"]) for item in inbound.body.get("attachments", ())] if heard else [],
        Jsonb(interactions),
        decision.wake_at,
        decision.close,
        decision.urgent,
        heard,
    )
    await connection.exchange((RECORD, values), b"COMMIT")
    return question, answers


def _message_row(key: DataKey, message: Message, question: Message | None) -> dict[str, Any]:
    author: Author = message.author
    return {
        "id": str(message.id),
        "seq": message.seq,
        "direction": message.direction,
        "author": author,
        "sealed_body": _hex(seal_body(key, message.id, message.body)),
        "client_msg_id": message.client_msg_id,
        "in_reply_to": str(question.id) if question else None,
        "at": message.at.isoformat(),
    }


def _interaction(key: DataKey, message: Message, decision: Decision, latency_ms: float | None) -> dict[str, Any]:
    interaction_id = uuid7()
    content = content_of(message.body).encode()
    return {
        "id": str(interaction_id),
        "direction": message.direction,
        "at": message.at.isoformat(),
        "sealed_content": _hex(seal(key, "interactions.content", interaction_id, content)),
        "outcome_kind": decision.outcome.kind,
        "outcome_ref": decision.outcome.ref,
        "latency_ms": latency_ms,
        "key": f"message:{message.id}",
    }


def _hex(content: bytes) -> str:
    """As PostgreSQL reads a bytea from text."""
    return "\\x" + content.hex()


def content_of(body: Body) -> str:
    """A body as one text for the record: its words, or the names of its files, or the choice tapped."""
    if text := body.get("text"):
        return str(text)
    if attachments := body.get("attachments"):
        return ", ".join(str(item["name"]) for item in attachments)
    return str(body.get("choice", ""))

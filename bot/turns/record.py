"""The second round trip of a turn: everything the message caused, in one statement, and COMMIT."""

import json
from datetime import UTC, datetime
from typing import Any

from uuid_utils.compat import uuid7

from bot.domain.decision import Decision
from bot.domain.message import Author, Body, Direction, Inbound, Message
from bot.storage.pool import Connection
from bot.turns.receive import Received
from bot.turns.statements import RECORD


async def record(
    connection: Connection, inbound: Inbound, received: Received, decision: Decision
) -> tuple[Message, tuple[Message, ...]]:
    """Writes the message, its answers, their outbox rows, the interactions and the new state; does not commit.

    The database refuses it (SQLSTATE YD001) when the conversation has another speaker by now.
    """
    now = datetime.now(UTC)
    seq = received.last_seq + 1
    question = Message(
        received.message_id, seq, "in", "customer", inbound.body, inbound.received_at, inbound.client_msg_id
    )
    answers = tuple(
        Message(uuid7(), seq + number, "out", "bot", reply, now) for number, reply in enumerate(decision.replies, 1)
    )
    latency_ms = round(max(0.0, (now - inbound.received_at).total_seconds()) * 1000, 3)
    rows = [_message_row(question, None), *(_message_row(answer, question) for answer in answers)]
    interactions = [
        _interaction(question.direction, question, decision.outcome.kind, decision.outcome.ref, latency_ms),
        *(
            _interaction(answer.direction, answer, decision.outcome.kind, decision.outcome.ref, None)
            for answer in answers
        ),
    ]
    await connection.execute(
        RECORD,
        (
            received.conversation_id,
            received.fence,
            received.identity_id,
            inbound.channel,
            inbound.account,
            inbound.external_id,
            inbound.trace_id,
            decision.locale or received.situation.locale,
            decision.owner or received.situation.owner,
            _json(decision.state),
            _json(rows),
            _json(interactions),
        ),
    )
    return question, answers


def _message_row(message: Message, question: Message | None) -> dict[str, Any]:
    author: Author = message.author
    return {
        "id": str(message.id),
        "seq": message.seq,
        "direction": message.direction,
        "author": author,
        "body": message.body,
        "client_msg_id": message.client_msg_id,
        "in_reply_to": str(question.id) if question else None,
        "at": message.at.isoformat(),
    }


def _interaction(
    direction: Direction, message: Message, kind: str, ref: str | None, latency_ms: float | None
) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "direction": direction,
        "at": message.at.isoformat(),
        "content": content_of(message.body),
        "outcome_kind": kind,
        "outcome_ref": ref,
        "latency_ms": latency_ms,
        "key": f"message:{message.id}",
    }


def content_of(body: Body) -> str:
    """A body as one text for the record: its words, or the names of its files, or the choice tapped."""
    if text := body.get("text"):
        return str(text)
    if attachments := body.get("attachments"):
        return ", ".join(str(item["name"]) for item in attachments)
    return str(body.get("choice", ""))


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

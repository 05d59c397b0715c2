"""The first round trip of a turn: mark the attempt, open the transaction, lock and read the conversation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncPipeline
from uuid_utils.compat import uuid7

from bot.domain.decision import Situation
from bot.domain.message import Inbound, Message
from bot.storage.pool import Connection
from bot.turns.statements import MARK, RECEIVE


@dataclass(frozen=True, slots=True)
class Received:
    """What the database said under the conversation's lock.

    ``first`` is the recorded message when this delivery is a duplicate, ``first_answers`` what was answered then.
    ``crashes`` counts earlier attempts at this message that ended with their process.
    """

    identity_id: UUID
    conversation_id: UUID
    situation: Situation
    fence: int
    last_seq: int
    crashes: int
    message_id: UUID
    first: Message | None
    first_answers: tuple[Message, ...]


async def receive(connection: Connection, pipeline: AsyncPipeline, inbound: Inbound) -> Received:
    """Opens the transaction and locks the sender's conversation; leaves the transaction open.

    The mark is committed on its own before BEGIN, in the same round trip (a pipeline's sync ends a transaction).
    """
    message_id = uuid7()
    await connection.execute(MARK, (inbound.account, inbound.external_id))
    await pipeline.sync()
    await connection.execute("BEGIN")
    cursor = await connection.execute(
        RECEIVE,
        (
            inbound.channel,
            inbound.account,
            inbound.external_id,
            inbound.identity,
            inbound.assurance,
            inbound.locale,
            uuid7(),
            uuid7(),
            uuid7(),
            message_id,
            inbound.received_at,
        ),
    )
    # Without a sync PostgreSQL takes the statement for unfinished: not idle in its transaction, and so not subject
    # to the timeout that frees a conversation whose node is cut off.
    await pipeline.sync()
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a function with OUT parameters always yields its row
    identity_id, conversation_id, locale, owner, fence, state, last_seq, crashes, first, answers = row
    return Received(
        identity_id=identity_id,
        conversation_id=conversation_id,
        situation=Situation(owner=owner, locale=locale, state=state),
        fence=fence,
        last_seq=last_seq,
        crashes=crashes or 0,
        message_id=message_id,
        first=message_from_json(first) if first else None,
        first_answers=tuple(message_from_json(answer) for answer in answers or ()),
    )


def message_from_json(row: dict[str, Any]) -> Message:
    """A row of ``bot.messages`` as PostgreSQL's ``to_jsonb`` wrote it."""
    return Message(
        id=UUID(row["id"]),
        seq=row["seq"],
        direction=row["direction"],
        author=row["author"],
        body=row["body"],
        at=datetime.fromisoformat(row["at"]),
        client_msg_id=row["client_msg_id"],
    )

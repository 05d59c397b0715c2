"""The first round trip of a turn: mark the attempt, open the transaction, lock and read the conversation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from bot.domain.decision import Situation
from bot.domain.message import Concerns, Inbound, Message
from bot.storage.bodies import open_body, open_state
from bot.storage.pool import Connection
from bot.turns.statements import MARK, RECEIVE
from crm_adapter.encryption import DataKey, Keys
from crm_adapter.identify import Known, Sender, identify_arguments, known


@dataclass(frozen=True, slots=True)
class Received:
    """What the database said under the conversation's lock.

    ``sender`` is who wrote, with the data key that seals what is written; ``first`` is the recorded message when this
    delivery is a duplicate, ``first_answers`` what was answered then. ``crashes`` counts earlier attempts at this
    message that ended with their process.
    """

    sender: Known
    conversation_id: UUID
    situation: Situation
    fence: int
    wake_at: datetime | None
    last_seq: int
    crashes: int
    message_id: UUID
    parked: bool
    first: Message | None
    first_answers: tuple[Message, ...]

    def is_concerned(self, concerns: Concerns) -> bool:
        """Whether the event is meant for what was found."""
        return (
            concerns.identity_id == self.sender.identity_id
            and concerns.conversation_id in (None, self.conversation_id)
            and concerns.fence in (None, self.fence)
            and concerns.wake_at in (None, self.wake_at)
        )


def message_blind(keys: Keys, inbound: Inbound) -> bytes:
    """By what a delivery is known: a channel's message id may name its sender, so the store has a keyed hash."""
    return keys.blind("message", inbound.account, inbound.external_id)


async def receive(connection: Connection, keys: Keys, inbound: Inbound, blind: bytes) -> Received:
    """Opens the transaction and locks the sender's conversation; leaves the transaction open.

    The mark is committed in a transaction of its own, in the same round trip.
    """
    message_id, new_conversation = uuid7(), uuid7()
    sender = Sender(inbound.channel, inbound.account, inbound.identity, inbound.assurance, inbound.locale)
    arguments = (*identify_arguments(keys, sender), blind, new_conversation, message_id, inbound.received_at)
    *_, row = await connection.exchange(
        b"BEGIN", (MARK, (inbound.account, blind)), b"COMMIT AND CHAIN", (RECEIVE, arguments)
    )
    assert row is not None  # noqa: S101 - a function with OUT parameters always yields its row
    who = known(keys, row[:5], arguments)
    conversation_id, locale, owner, fence, state, last_seq, crashes, wake_at, previous, parked = row[5:15]
    first_id, first, answers = row[15:]
    return Received(
        sender=who,
        conversation_id=conversation_id,
        situation=Situation(
            owner=owner,
            locale=locale,
            state=open_state(who.key, previous or conversation_id, state),
            now=inbound.received_at,
            first=conversation_id == new_conversation,
            channel=inbound.channel,
            account=inbound.account,
            assurance=inbound.assurance,
            conversation_id=conversation_id,
            identity_id=who.identity_id,
            contact_id=who.contact_id,
        ),
        fence=fence,
        wake_at=wake_at,
        last_seq=last_seq,
        crashes=crashes or 0,
        message_id=message_id,
        parked=parked is not False,
        first=_first(who.key, inbound, first_id, first, last_seq),
        first_answers=tuple(message_from_json(who.key, answer) for answer in answers or ()),
    )


def _first(
    key: DataKey, inbound: Inbound, first_id: UUID | None, line: dict[str, Any] | None, last_seq: int
) -> Message | None:
    """What the first delivery recorded; an event left no line, so it is what came in now."""
    if line is not None:
        return message_from_json(key, line)
    if first_id is None:
        return None
    return Message(first_id, last_seq, "in", "system", inbound.body, inbound.received_at)


def message_from_json(key: DataKey, row: dict[str, Any]) -> Message:
    """A row of ``bot.messages`` as PostgreSQL's ``to_jsonb`` wrote it."""
    message_id = UUID(row["id"])
    return Message(
        id=message_id,
        seq=row["seq"],
        direction=row["direction"],
        author=row["author"],
        body=open_body(key, message_id, bytes.fromhex(row["sealed_body"][2:])),
        at=datetime.fromisoformat(row["at"]),
        client_msg_id=row["client_msg_id"],
    )

"""Tells a dialog what happened when no customer wrote: the same path as a message, exactly once per key."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext, RetryStrategy
from psycopg.types.json import Jsonb
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.domain.message import Assurance, Concerns, Inbound, Taken
from bot.realtime import Realtime
from bot.realtime.topics import lines_hint, thread_topic
from bot.storage.pool import Pool
from bot.turns.deferring import DEFER
from bot.turns.take import EventRefused, Turns
from crm_adapter.encryption import DataKey, KeyGone, Keys, SealBroken, seal_json, unseal, unseal_json
from crm_adapter.encryption.vault import load_key
from crm_adapter.tables import contacts, identities

log = structlog.get_logger(__name__)

event_jobs = Blueprint()

_ADDRESS = "SELECT * FROM crm.address_of(%s)"
LATEST = """
SELECT c.identity_id FROM bot.conversations c
 WHERE c.identity_id = ANY(crm.identities_of_family({contact})) ORDER BY c.last_at DESC LIMIT 1
"""
"""Where a customer, as one person, was heard last; to be filled with the driver's own placeholder."""
_KEY = "SELECT * FROM crm.wrapped_key(%s)"
_DEFER = text(
    DEFER.format(task="'events:deliver_event'", arguments="CAST(:arguments AS jsonb)", at="CAST(:at AS timestamptz)")
)


@dataclass(frozen=True, slots=True)
class Address:
    """An identity in its account's own terms, whose it is, and the key that seals what is kept of it."""

    identity_id: UUID
    contact_id: UUID
    channel: str
    account: str
    external_id: str
    assurance: Assurance
    locale: str
    key: DataKey


class Teller:
    """Takes events through their turns, and tells open widgets to look."""

    def __init__(self, turns: Turns, pool: Pool, keys: Keys, realtime: Realtime) -> None:
        self._turns = turns
        self._pool = pool
        self._keys = keys
        self._realtime = realtime

    async def tell(
        self,
        identity_id: UUID,
        event: str,
        values: Mapping[str, Any],
        key: str,
        *,
        conversation_id: UUID | None = None,
        fence: int | None = None,
        wake_at: datetime | None = None,
    ) -> Taken | None:
        """Tells the dialog of this identity once per ``key``; ``None`` where it came too late or the identity is gone.

        ``values`` are JSON; the last three say which moment it is meant for, see
        :class:`~bot.domain.message.Concerns`. Raises :class:`~bot.turns.take.TurnUnavailable`.
        """
        address = await self.address(identity_id)
        if address is None:
            return None
        inbound = Inbound(
            channel=address.channel,
            account=address.account,
            external_id=f"event:{key}",
            identity=address.external_id,
            assurance=address.assurance,
            locale=address.locale,
            body=dict(values),
            received_at=datetime.now(UTC),
            trace_id=secrets.token_hex(16),
            event=event,
            concerns=Concerns(identity_id, conversation_id, fence, wake_at),
        )
        try:
            taken = await self._turns.take(inbound)
        except EventRefused:
            log.info("event refused", name=event, identity=str(identity_id))
            return None
        if taken.answers or taken.working:
            topic = thread_topic(address.account, address.external_id)
            await self._realtime.publish(topic, lines_hint(taken.last.seq, working=taken.working))
        return taken

    async def rest(self, address: Address) -> None:
        """Tells open widgets that what went on outside has ended without an answer."""
        await self._realtime.publish(thread_topic(address.account, address.external_id), {"kind": "rest"})

    async def address(self, identity_id: UUID) -> Address | None:
        """Where the identity is reached; ``None`` when it is gone or its key is."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_ADDRESS, (identity_id,))).fetchone()
        if row is None:
            return None
        channel, account, assurance, locale, contact_id, sealed, *wrapped = row
        try:
            key = self._keys.unwrap(*wrapped)
            external_id = unseal(key, "identities.external_id", identity_id, sealed).decode()
        except SealBroken:
            log.error("an identity cannot be opened", identity=str(identity_id))
            return None
        return Address(identity_id, contact_id, channel, account, external_id, assurance, locale, key)

    async def open_values(self, key_id: UUID, record: UUID, sealed: bytes) -> dict[str, Any] | None:
        """What :func:`defer_event` sealed; ``None`` when the key is gone with whose it was."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_KEY, (key_id,))).fetchone()
        if row is None:
            return None
        values: dict[str, Any] = unseal_json(self._keys.unwrap(*row), "jobs.event", record, sealed)
        return values

    async def latest_identity(self, contact_id: UUID) -> UUID | None:
        """Where the customer, as one person, was heard last; ``None`` for one who never wrote."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(LATEST.format(contact="%s"), (contact_id,))).fetchone()
        return row[0] if row is not None else None


async def defer_event(
    connection: AsyncConnection,
    keys: Keys,
    event: str,
    values: Mapping[str, Any],
    key: str,
    *,
    identity_id: UUID | None = None,
    contact_id: UUID | None = None,
    wait: timedelta = timedelta(0),
) -> None:
    """Has the event told once the caller's transaction is committed; never when it is not.

    To an identity, or to a customer where they were heard last at that time. What it says is sealed with their key.
    Raises :class:`KeyGone` when there is no such identity or contact.
    """
    table, row_id = (identities, identity_id) if identity_id is not None else (contacts, contact_id)
    key_id = (await connection.execute(select(table.c.key_id).where(table.c.id == row_id))).scalar()
    if key_id is None:
        raise KeyGone("nobody is there to be told")
    record = uuid7()
    sealed = seal_json(await load_key(connection, keys, key_id), "jobs.event", record, dict(values))
    arguments = {
        "record": str(record),
        "key_id": str(key_id),
        "identity_id": str(identity_id) if identity_id is not None else None,
        "contact_id": str(contact_id) if contact_id is not None else None,
        "event": event,
        "key": key,
        "sealed": sealed.hex(),
    }
    await connection.execute(_DEFER, {"arguments": Jsonb(arguments), "at": datetime.now(UTC) + wait if wait else None})


def teller_of(context: JobContext) -> Teller:
    """The worker's."""
    teller: Teller = context.additional_context["teller"]
    return teller


@event_jobs.task(name="deliver_event", pass_context=True, retry=RetryStrategy(max_attempts=20, wait=1, linear_wait=15))
async def deliver_event(
    context: JobContext,
    /,
    event: str,
    key: str,
    record: str,
    key_id: str,
    sealed: str,
    identity_id: str | None = None,
    contact_id: str | None = None,
) -> None:
    """Tells an event that :func:`defer_event` wrote down; nobody is told when whoever it was for is gone."""
    teller = teller_of(context)
    whom = UUID(identity_id) if identity_id else None
    if whom is None and contact_id is not None:
        whom = await teller.latest_identity(UUID(contact_id))
    if whom is None:
        log.info("event for somebody who never wrote", name=event)
        return
    values = await teller.open_values(UUID(key_id), UUID(record), bytes.fromhex(sealed))
    if values is not None:
        await teller.tell(whom, event, values, key)

"""The consent ledger's rows: appended once, sealed in what was said, handed to the sequencer; read back."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select, text
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.consent.notices import NO_RECIPIENT, Notice, keep_notice
from crm_adapter.consent.purposes import LOCALES
from crm_adapter.consent.receipts import new_receipt
from crm_adapter.consent.rules import check_repetition
from crm_adapter.consent.tables import CONSENT, consent_events, consents, notices
from crm_adapter.encryption import DataKey, Keys, seal_json, unseal
from crm_adapter.encryption.opening import opener_for
from crm_adapter.encryption.vault import load_key
from crm_adapter.ledger.chains import enqueue
from crm_adapter.records.consent import ConsentEntry, Guardian, NewConsentEvent
from crm_adapter.tables import contacts, facts

PLACE = "consent_events.sealed"
_FACT_PLACE = "facts.value"
_TELL_NEWCOMER = text("SELECT crm.tell_newcomer(CAST(:event AS jsonb), :chain)")


async def append(
    connection: AsyncConnection, keys: Keys, event: NewConsentEvent, notice: Notice, covers: Sequence[UUID]
) -> tuple[Any, bool]:
    """Inserts the event and queues it for its chain; its row, and whether it is new.

    An idempotency key that is there already gives the event that has it; see :func:`already`.
    """
    version = await keep_notice(connection, notice)
    event_id = uuid7()
    key = await _key_of(connection, keys, event.contact_id)
    values = _values(event, notice, covers, event_id, key) | {"notice_version": version}
    values["received_at"] = await _now_behind(connection, covers, event.purpose)
    while True:
        new = insert_once(consent_events).values(**values, receipt=new_receipt()).on_conflict_do_nothing()
        row = (await connection.execute(new.returning(consent_events))).one_or_none()
        if row is not None:
            await enqueue(connection, CONSENT, event_id, notice.content["controller"])
            return row, True
        if event.idempotency_key is not None:
            row = await already(connection, event)
            if row is not None:
                return row, False


async def append_first(connection: AsyncConnection, key: DataKey, event: NewConsentEvent, notice: Notice) -> bool:
    """The same in one round trip, for the first event of a contact that this transaction has made, sealed with its key.

    False, and nothing written, where the notice is not stored yet.
    """
    values = _values(event, notice, [event.contact_id], uuid7(), key) | {"receipt": new_receipt()}
    values["sealed"] = "\\x" + values["sealed"].hex()  # as PostgreSQL reads a bytea from text
    chain = CONSENT.label(notice.content["controller"])
    row = json.dumps(values, ensure_ascii=False, default=_plain)
    return bool((await connection.execute(_TELL_NEWCOMER, {"event": row, "chain": chain})).scalar_one())


async def already(connection: AsyncConnection, event: NewConsentEvent) -> Any | None:
    """The row that has the event's idempotency key, if there is one.

    Raises :class:`~crm_adapter.records.consent.ConsentRefused` ``key_reused`` when it is about another choice.
    """
    if event.idempotency_key is None:
        return None
    query = select(consent_events).where(consent_events.c.idempotency_key == event.idempotency_key)
    row = (await connection.execute(query)).one_or_none()
    if row is not None:
        check_repetition(event, row.subject, row.event, row.purpose, row.channel, row.recipient or None)
    return row


async def notice_by_hash(connection: AsyncConnection, digest: str) -> Notice | None:
    """A notice that was in force once."""
    query = select(notices.c.purpose, notices.c.recipient, notices.c.content).where(notices.c.hash == digest)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Notice(row.purpose, row.recipient, row.content)


async def last_notice(connection: AsyncConnection, purpose: str, recipient: str | None) -> Notice | None:
    """The newest notice stored for a purpose, also when it is configured no more."""
    same = (notices.c.purpose == purpose, notices.c.recipient == (recipient or NO_RECIPIENT))
    query = select(notices.c.content).where(*same).order_by(notices.c.version.desc()).limit(1)
    content = (await connection.execute(query)).scalar_one_or_none()
    return None if content is None else Notice(purpose, recipient or NO_RECIPIENT, content)


async def was_shown(connection: AsyncConnection, subjects: Sequence[UUID], digest: str) -> bool:
    """Whether the notice of this hash was shown to one of these contacts."""
    shown = consent_events.c.event == "notice_shown", consent_events.c.notice_hash == digest
    query = select(exists().where(consent_events.c.subject.in_(subjects), *shown))
    return bool((await connection.execute(query)).scalar_one())


async def entries(connection: AsyncConnection, keys: Keys, subjects: Sequence[UUID]) -> list[ConsentEntry]:
    """Every event of these contacts, newest first; what was said is ``None`` where its key is gone."""
    query = select(consent_events).where(consent_events.c.subject.in_(subjects)).order_by(consent_events.c.id.desc())
    rows = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed for row in rows))
    return [_entry(row, opener.value(PLACE, row.id, row.sealed)) for row in rows]


async def birthdays(connection: AsyncConnection, keys: Keys, family: Sequence[UUID]) -> list[date]:
    """The birthdays that stand on these contacts, as far as they can be read."""
    query = select(facts.c.id, facts.c.sealed).where(
        facts.c.contact_id.in_(family),
        facts.c.field == "birthday",
        facts.c.superseded_at.is_(None),
        facts.c.sealed.is_not(None),
    )
    rows = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed for row in rows))
    found = []
    for row in rows:
        key = opener.key(row.sealed)
        if key is not None:  # a damaged one raises: a child's must not be passed over
            found.append(date.fromisoformat(unseal(key, _FACT_PLACE, row.id, row.sealed).decode()))
    return found


def _values(
    event: NewConsentEvent, notice: Notice, covers: Sequence[UUID], event_id: UUID, key: DataKey
) -> dict[str, Any]:
    guardian = event.guardian
    said = {
        "prompt": event.prompt,
        "reply": event.reply,
        "prompt_message_id": event.prompt_message_id,
        "reply_message_id": event.reply_message_id,
        "guardian": guardian and {"name": guardian.name, "relation": guardian.relation, "proof": guardian.proof},
    }
    content = notice.content
    return {
        "id": event_id,
        "subject": event.contact_id,
        "covers": sorted(covers),
        "identity_id": event.identity_id,
        "told_on": event.told_on,
        "assurance": event.assurance,
        "controller": content["controller"],
        "purpose": event.purpose,
        "channel": event.channel,
        "recipient": event.recipient or NO_RECIPIENT,
        "data_categories": content["categories"],
        "recipients": content["recipients"],
        "retention": content["retention"],
        "jurisdiction": content["jurisdiction"],
        "notice_hash": notice.hash,
        "notice_locale": event.locale if event.locale in LOCALES else "en",
        "sealed": seal_json(key, PLACE, event_id, said),
        "guardian": guardian is not None,
        "method": event.method,
        "event": event.event,
        "actor": event.actor,
        "occurred_at": event.occurred_at,
        "idempotency_key": event.idempotency_key,
    }


def _plain(value: Any) -> str:
    """An id or a time, for a row as JSON."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def _key_of(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> DataKey:
    key_id: UUID = (await connection.execute(select(contacts.c.key_id).where(contacts.c.id == contact_id))).scalar_one()
    return await load_key(connection, keys, key_id)


async def _now_behind(connection: AsyncConnection, family: Sequence[UUID], purpose: str) -> datetime:
    """The time, behind all that stands already: with a clock that was set back, a withdrawal would be the older one."""
    stands = select(func.max(consents.c.since) + timedelta(microseconds=1)).where(
        consents.c.subject.in_(family), consents.c.purpose == purpose
    )
    later = select(func.greatest(func.clock_timestamp(), stands.scalar_subquery()))
    received_at: datetime = (await connection.execute(later)).scalar_one()
    return received_at


def _entry(row: Any, opened: dict[str, Any] | None) -> ConsentEntry:
    said = opened or {}
    guardian = said.get("guardian")
    return ConsentEntry(
        event_id=row.id,
        receipt=row.receipt,
        subject=row.subject,
        event=row.event,
        purpose=row.purpose,
        channel=row.channel,
        recipient=row.recipient or None,
        told_on=row.told_on,
        assurance=row.assurance,
        controller=row.controller,
        data_categories=tuple(row.data_categories),
        recipients=tuple(row.recipients),
        retention=row.retention,
        jurisdiction=row.jurisdiction,
        notice_hash=row.notice_hash,
        notice_version=row.notice_version,
        notice_locale=row.notice_locale,
        prompt=said.get("prompt"),
        reply=said.get("reply"),
        prompt_message_id=said.get("prompt_message_id"),
        reply_message_id=said.get("reply_message_id"),
        guardian=None if guardian is None else Guardian(**guardian),
        by_guardian=row.guardian,
        readable=opened is not None,
        method=row.method,
        actor=row.actor,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
    )

"""Hand-overs of customer data (PR3): checked against the register, and logged whether allowed or refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.records.consent import ANY_CHANNEL
from crm_adapter.sharing.tables import transfers
from crm_adapter.sharing.third_parties import in_force
from crm_adapter.tables import contacts

_BATCH = 1000


class ConsentCheck(Protocol):
    """The part of the port's ``Consents`` that is needed here."""

    async def may_use(self, contact_id: UUID, purpose: str, channel: str, *, recipient: str | None = None) -> bool:
        """Whether this customer allows it, now."""
        ...


@dataclass(frozen=True, slots=True)
class Allowed:
    """These fields, and no others, may go; ``basis`` says on what grounds."""

    fields: tuple[str, ...]
    basis: str
    third_party_id: UUID | None


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing may go. ``code``: ``unknown_recipient``, ``recipient_inactive``, ``agreement_expired``,
    ``other_purpose``, ``more_than_needed``, ``unknown_contact``, ``restricted``, ``quarantined`` or ``no_consent``."""

    code: str
    third_party_id: UUID | None = None


class TransferRefused(Exception):
    """Nothing was handed over; the refusal is logged. ``code`` as in :class:`Denied`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Transfer:
    """One hand-over as it was logged; ``refused`` is the code of the refusal."""

    id: UUID
    recipient: str
    purpose: str
    fields: tuple[str, ...]
    contact_id: UUID
    basis: str | None
    refused: str | None
    use_id: UUID | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """What is to go: ``fields`` of ``contact_id`` to ``recipient``; ``by`` and ``trace_id`` say who asks and when."""

    recipient: str
    purpose: str
    fields: tuple[str, ...]
    contact_id: UUID
    by: str
    trace_id: str = ""
    use_id: UUID | None = None


async def check(
    connection: AsyncConnection,
    consents: ConsentCheck,
    recipient: str,
    purpose: str,
    fields: Iterable[str],
    contact_id: UUID,
) -> Allowed | Denied:
    """Whether ``recipient`` may be given these fields of this customer for this purpose, now; logs nothing."""
    return (await check_all(connection, consents, recipient, purpose, fields, [contact_id]))[contact_id]


async def check_all(
    connection: AsyncConnection,
    consents: ConsentCheck,
    recipient: str,
    purpose: str,
    fields: Iterable[str],
    contact_ids: Sequence[UUID],
) -> dict[UUID, Allowed | Denied]:
    """As :func:`check`, for many at once."""
    terms = await check_terms(connection, recipient, purpose, fields)
    if isinstance(terms, Denied):
        return dict.fromkeys(contact_ids, terms)
    bars, decided = await bars_of(connection, contact_ids), dict[UUID, Allowed | Denied]()
    for contact_id in contact_ids:
        code = bars.get(contact_id, "unknown_contact")
        if code is None and terms.basis == "consent":
            agreed = await consents.may_use(contact_id, purpose, ANY_CHANNEL, recipient=recipient)
            code = None if agreed else "no_consent"
        decided[contact_id] = Denied(code, terms.third_party_id) if code else terms
    return decided


async def check_terms(
    connection: AsyncConnection, recipient: str, purpose: str, fields: Iterable[str]
) -> Allowed | Denied:
    """What the register says, whoever the customer is."""
    entry = await in_force(connection, recipient)
    if entry is None:
        return Denied("unknown_recipient")
    terms, wanted = entry._mapping, tuple(dict.fromkeys(fields))
    party = terms["id"]
    if not terms["active"]:
        return Denied("recipient_inactive", party)
    if terms["agreement_until"] < terms["today"]:
        return Denied("agreement_expired", party)
    if terms["purpose"] != purpose:
        return Denied("other_purpose", party)
    if not wanted or not set(wanted) <= set(terms["fields"]):
        return Denied("more_than_needed", party)
    return Allowed(wanted, terms["basis"], party)


async def bars_of(connection: AsyncConnection, contact_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Why nothing of these customers may be used: ``restricted`` (PIPL 44) or ``quarantined``; ``None`` where nothing
    stands against it. Unknown ones are missing."""
    member = contacts.alias("member")
    query = (
        select(
            contacts.c.id,
            func.bool_or(member.c.restricted_at.is_not(None)),
            # A quarantined import that was found to be a customer's is that customer's.
            func.bool_or(member.c.quarantined & (member.c.id == member.c.root_id)),
        )
        .join(member, member.c.root_id == contacts.c.root_id)
        .where(contacts.c.id.in_(contact_ids))
        .group_by(contacts.c.id)
    )
    return {
        contact_id: "restricted" if restricted else "quarantined" if quarantined else None
        for contact_id, restricted, quarantined in await connection.execute(query)
    }


async def log_transfers(connection: AsyncConnection, decided: Sequence[tuple[Handover, Allowed | Denied]]) -> None:
    """Writes what was decided, a row per customer; stands once the caller's transaction commits."""
    rows = [
        {
            "id": uuid7(),
            "recipient": handover.recipient,
            "third_party_id": answer.third_party_id,
            "use_id": handover.use_id,
            "purpose": handover.purpose,
            "fields": list(handover.fields),
            "contact_id": handover.contact_id,
            "basis": answer.basis if isinstance(answer, Allowed) else None,
            "refused": answer.code if isinstance(answer, Denied) else None,
            "by": handover.by,
            "trace_id": handover.trace_id,
        }
        for handover, answer in decided
    ]
    for start in range(0, len(rows), _BATCH):
        await connection.execute(insert(transfers), rows[start : start + _BATCH])


async def were_refused(
    connection: AsyncConnection, recipient: str, purpose: str, by: str, contact_ids: Sequence[UUID]
) -> set[tuple[UUID, str]]:
    """Whose hand-over to ``recipient`` was refused before, with the codes."""
    shown = transfers.c
    query = select(shown.contact_id, shown.refused).where(
        shown.recipient == recipient, shown.purpose == purpose, shown.by == by, shown.contact_id.in_(contact_ids)
    )
    rows = await connection.execute(query.where(shown.refused.is_not(None)).distinct())
    return {(contact_id, code) for contact_id, code in rows}


async def list_transfers(
    connection: AsyncConnection,
    *,
    recipient: str | None = None,
    contact_id: UUID | None = None,
    refused: bool | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> Sequence[Transfer]:
    """Hand-overs older than ``before``, newest first."""
    query = select(transfers).order_by(transfers.c.id.desc()).limit(limit)
    if recipient is not None:
        query = query.where(transfers.c.recipient == recipient)
    if contact_id is not None:
        query = query.where(transfers.c.contact_id == contact_id)
    if refused is not None:
        query = query.where(transfers.c.refused.is_not(None) if refused else transfers.c.refused.is_(None))
    if before is not None:
        query = query.where(transfers.c.id < before)
    return [
        Transfer(
            row.id,
            row.recipient,
            row.purpose,
            tuple(row.fields),
            row.contact_id,
            row.basis,
            row.refused,
            row.use_id,
            row.by,
            row.at,
        )
        for row in await connection.execute(query)
    ]


def house_answer(code: str | None, fields: tuple[str, ...]) -> Allowed | Denied:
    """For an export that stays in the house: an approved use is its basis."""
    return Denied(code) if code else Allowed(fields, "approved_use", None)

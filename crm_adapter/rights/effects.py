"""What an answered request does: correct, restrict, object. Erasing is :mod:`crm_adapter.rights.erasing`'s."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.consent.purposes import read_purposes
from crm_adapter.customers.families import family_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.port import Consents, Customers, Refused
from crm_adapter.records.consent import ANY_CHANNEL, Consent, NewConsentEvent
from crm_adapter.records.customers import Provenance
from crm_adapter.records.rights import PrivacyRequest
from crm_adapter.tables import contacts


async def correct(
    store: Customers, request: PrivacyRequest, fields: Mapping[str, str | None] | None, by: str, at: datetime
) -> None:
    """Sets the corrected fields, as claimed. Raises :class:`Refused` ``fields_needed``, :class:`BadField`."""
    if not fields:
        raise Refused("fields_needed")
    await store.set_fields(request.contact_id, fields, Provenance("privacy_request", by, at, "claimed"))


async def restrict(connection: AsyncConnection, contact_id: UUID, at: datetime | None) -> None:
    """PIPL 44: the family's data is kept and used for nothing else; ``None`` lifts it."""
    family = await family_of(connection, await root_of(connection, contact_id))
    held = (
        select(contacts.c.id).where(contacts.c.id.in_(family)).order_by(contacts.c.id).with_for_update(key_share=True)
    )
    await connection.execute(held)
    await connection.execute(update(contacts).where(contacts.c.id.in_(family)).values(restricted_at=at))
    await note_change(connection, "contact", family)


async def object_to_marketing(
    store: Consents, request: PrivacyRequest, purposes_file: Path | None, locale: str, at: datetime
) -> None:
    """Objects to every purpose that is marketing, on every channel (PIPL 24)."""
    standing = await store.consents(request.contact_id)
    for name, purpose in read_purposes(purposes_file).purposes.items():
        if not purpose.marketing:
            continue
        for recipient in _recipients(name, standing) if purpose.per_recipient else (None,):
            await store.record_consent(
                NewConsentEvent(
                    contact_id=request.contact_id,
                    event="objected",
                    purpose=name,
                    channel=ANY_CHANNEL,
                    told_on="privacy_request",
                    assurance=request.assurance,
                    locale=locale,
                    prompt="",
                    reply=request.words or "",
                    prompt_message_id=None,
                    reply_message_id=None,
                    method="privacy_request",
                    actor=request.opened_by,
                    occurred_at=at,
                    recipient=recipient,
                    idempotency_key=f"privacy:{request.id}:{name}:{recipient or ''}",
                )
            )


def _recipients(purpose: str, standing: Sequence[Consent]) -> list[str | None]:
    found: set[str | None] = {one.recipient for one in standing if _is_of(one, purpose)}
    return sorted(found, key=str)


def _is_of(consent: Consent, purpose: str) -> bool:
    return consent.purpose == purpose and consent.recipient is not None

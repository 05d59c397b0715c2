"""Erasing a person: one transaction over every table, the data keys with it, the certificate and the log's entry."""

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import Keys
from crm_adapter.port import UnknownRecord
from crm_adapter.records.erasure import Certificate
from crm_adapter.rights.certificate import Erased, content_of, public_half, sign
from crm_adapter.rights.erasure_log import Entry, record
from crm_adapter.rights.requests import settle_by_erasure
from crm_adapter.value.assessment import hold_shared

_CODE = re.compile(r"[a-z][a-z_]{0,39}")


async def erase_family(
    connection: AsyncConnection,
    keys: Keys,
    controller: str,
    contact_id: UUID,
    by: str,
    reason: str,
    at: datetime,
    request_id: UUID | None = None,
) -> Entry:
    """Erases the contact with all it is merged with; gone once the transaction commits.

    ``reason`` is a code such as ``delete`` or ``close_account``; other words might be about the person, and are not
    kept. ``request_id`` is the request that is answered by it; others of theirs end. Raises :class:`UnknownRecord`.
    """
    await hold_shared(connection)  # the nightly assessment would write about whom it has read before
    family = await connection.scalar(text("SELECT crm.hold_family(:contact)"), {"contact": contact_id})
    if not family:
        raise UnknownRecord(str(contact_id))
    done = await connection.scalar(text("SELECT crm.erase_people(:contacts, '{}')"), {"contacts": family})
    erased = Erased(tuple(family), tuple(UUID(one) for one in done["keys"]), done["erased"], done["kept"])
    grounds = grounds_of(reason)
    number = uuid7()
    content = content_of(number, contact_id, at, by, grounds, controller, erased)
    signing_key = keys.signing_key
    entry = Entry(
        id=number,
        contact_id=contact_id,
        contact_ids=erased.contact_ids,
        key_ids=erased.key_ids,
        at=at,
        by=by,
        certificate=content,
        signature=sign(signing_key, content),
        public_key=public_half(signing_key),
    )
    await record(connection, entry)
    await settle_by_erasure(connection, family, by, at, number, request_id)
    return entry


def grounds_of(reason: str) -> str:
    """The reason as a certificate names it: a code, or ``other`` for words."""
    return reason if _CODE.fullmatch(reason) else "other"


def certificate_of(entry: Entry) -> Certificate:
    """The certificate that an entry of the log holds."""
    return Certificate(entry.id, entry.contact_id, entry.at, entry.certificate, entry.signature, entry.public_key)

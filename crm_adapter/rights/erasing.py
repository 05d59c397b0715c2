"""Erasing a person: one transaction over every table, the data keys with it, the certificate and the log's entry."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import family_of, root_of
from crm_adapter.encryption import Keys
from crm_adapter.imports.forgetting import KNOWN_AS, forget_in_imports, traces_of
from crm_adapter.port import OpenRequests, UnknownRecord
from crm_adapter.records.erasure import Certificate
from crm_adapter.records.rights import OpenRequest
from crm_adapter.rights.certificate import Erased, content_of, public_half, sign
from crm_adapter.rights.ending import end_by_erasure, still_open
from crm_adapter.rights.erasure_log import Entry, record
from crm_adapter.rights.reach import note_shared_reach, others_within_reach, told_by
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
    end_others: bool = False,
) -> Entry:
    """Erases the contact with all it is merged with; gone once the transaction commits.

    ``reason`` is a code such as ``delete`` or ``close_account``; other words might be about the person, and are not
    kept. ``request_id`` is the request that is answered by it; with ``end_others`` others of theirs end unanswered.
    Raises :class:`UnknownRecord`, and :class:`OpenRequests` without it; then nothing is changed.
    """
    async with connection.begin_nested():
        return await _erase(connection, keys, controller, contact_id, by, reason, at, request_id, end_others)


async def _erase(
    connection: AsyncConnection,
    keys: Keys,
    controller: str,
    contact_id: UUID,
    by: str,
    reason: str,
    at: datetime,
    request_id: UUID | None,
    end_others: bool,
) -> Entry:
    await hold_shared(connection)  # the nightly assessment would write about whom it has read before
    in_files = await _forget_in_files(connection, keys, contact_id)
    family = await connection.scalar(text("SELECT crm.hold_family(:contact)"), {"contact": contact_id})
    if not family:
        raise UnknownRecord(str(contact_id))
    if not end_others:
        _refuse_open(await still_open(connection, family, request_id))
    others = await others_within_reach(connection, keys, family)
    done = await connection.scalar(text("SELECT crm.erase_people(:contacts, '{}')"), {"contacts": family})
    gone = {**done["erased"], "imported_rows": in_files}
    erased = Erased(tuple(family), tuple(UUID(one) for one in done["keys"]), gone, done["kept"])
    grounds = grounds_of(reason)
    # Only now nobody can open another: those opened since we looked count too.
    ending = await still_open(connection, family, request_id)
    if not end_others:
        _refuse_open(ending)
    number = uuid7()
    content = content_of(number, contact_id, at, by, grounds, controller, erased, request_id, ending)
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
    await end_by_erasure(connection, ending, by, at, grounds, number)
    await note_shared_reach(connection, number, others, at)
    return entry


async def _forget_in_files(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> int:
    """Before the contacts are held: an import locks its own row first, and then whom its rows are about."""
    family = await family_of(connection, await root_of(connection, contact_id))
    values = await told_by(connection, keys, family, KNOWN_AS)
    return await forget_in_imports(connection, await traces_of(connection, keys, family, values))


def _refuse_open(waiting: Sequence[OpenRequest]) -> None:
    if waiting:
        raise OpenRequests(waiting)


def grounds_of(reason: str) -> str:
    """The reason as a certificate names it: a code, or ``other`` for words."""
    return reason if _CODE.fullmatch(reason) else "other"


def certificate_of(entry: Entry, shared_reach: tuple[UUID, ...]) -> Certificate:
    """The certificate that an entry of the log holds, with what only staff is told."""
    return Certificate(
        entry.id, entry.contact_id, entry.at, entry.certificate, entry.signature, entry.public_key, shared_reach
    )

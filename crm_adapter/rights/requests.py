"""Requests about one's own data, step by step: received, the person checked, worked on, answered or refused (PR6)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, seal_json
from crm_adapter.encryption.opening import opener_for
from crm_adapter.encryption.vault import load_key, load_keys
from crm_adapter.port import Refused, UnknownRecord, VersionConflict
from crm_adapter.records.rights import (
    CHECK_METHODS,
    ERASING,
    OPEN_STATES,
    REQUEST_KINDS,
    WITHOUT_CHECK,
    NewPrivacyRequest,
    PrivacyEvent,
    PrivacyRequest,
    RequestKind,
    RequestState,
)
from crm_adapter.rights.tables import privacy_events, privacy_requests
from crm_adapter.rights.working_days import Deadline
from crm_adapter.tables import contacts, identities

AnyRow = Row[*tuple[Any, ...]]
_WORDS, _ANSWER = "privacy_requests.words", "privacy_requests.answer"


async def open_request(
    connection: AsyncConnection, keys: Keys, new: NewPrivacyRequest, deadline: Deadline
) -> PrivacyRequest:
    """Writes the request down, on the root of the contact's family.

    Raises :class:`UnknownRecord`, and :class:`Refused` ``unknown_kind`` or ``foreign_identity``.
    """
    if new.kind not in REQUEST_KINDS:
        raise Refused("unknown_kind")
    query = select(contacts.c.root_id).where(contacts.c.id == new.contact_id)
    root = await connection.scalar(query)
    if root is None:
        raise UnknownRecord(str(new.contact_id))
    assurance = await _assurance(connection, root, new.identity_id)
    # Against an erasure at the same moment: the request is there before it, or finds nobody.
    held = select(contacts.c.key_id).where(contacts.c.id == root).with_for_update(read=True, key_share=True)
    key_id = await connection.scalar(held)
    if key_id is None:
        raise UnknownRecord(str(new.contact_id))
    number = uuid7()
    sealed = None
    if new.words:
        sealed = seal_json(await load_key(connection, keys, key_id), _WORDS, number, new.words)
    checked: dict[str, Any] = {}
    if new.kind in WITHOUT_CHECK or assurance == "verified":
        method = "not_needed" if new.kind in WITHOUT_CHECK else "assurance"
        checked = {"checked_method": method, "checked_by": "system:assurance", "checked_at": new.opened_at}
    await connection.execute(
        insert(privacy_requests).values(
            id=number,
            contact_id=root,
            kind=new.kind,
            state="received",
            assurance=assurance,
            opened_at=new.opened_at,
            opened_by=new.by,
            due_at=deadline.at,
            provisional=deadline.provisional,
            sealed_words=sealed,
            version=1,
            **checked,
        )
    )
    await note(connection, number, new.opened_at, new.by, None, "received", checked.get("checked_method"))
    return await show_request(connection, keys, number)


async def check_identity(
    connection: AsyncConnection, keys: Keys, request_id: UUID, method: str, by: str, at: datetime
) -> PrivacyRequest:
    """Says how staff made sure who asks. Raises :class:`Refused` ``unknown_method`` or ``bad_transition``."""
    if method not in CHECK_METHODS:
        raise Refused("unknown_method")
    row = await _held(connection, request_id, ("received", "identity_check"))
    checked = {"checked_method": method, "checked_by": by, "checked_at": at}
    return await _move(connection, keys, row, "identity_check", by, at, method, **checked)


async def start(
    connection: AsyncConnection,
    keys: Keys,
    request_id: UUID,
    by: str,
    at: datetime,
    expected_version: int | None = None,
) -> PrivacyRequest:
    """Takes the request up. Raises :class:`Refused` ``identity_unchecked`` while nobody made sure who asks."""
    row = await _held(connection, request_id, ("received", "identity_check"), expected_version)
    if row.checked_method is None:
        raise Refused("identity_unchecked")
    return await _move(connection, keys, row, "in_progress", by, at, None, handled_by=by)


async def settle(
    connection: AsyncConnection,
    keys: Keys,
    request_id: UUID,
    to: RequestState,
    words: str,
    by: str,
    at: datetime,
    erasure_id: UUID | None = None,
) -> PrivacyRequest:
    """Answers or refuses it, with ``words`` for the person. An erased person's answer can be read by nobody.

    Raises :class:`Refused` ``reason_needed`` for empty words, ``bad_transition``.
    """
    if not words.strip():
        raise Refused("reason_needed")
    row = await _held(connection, request_id, OPEN_STATES if to == "refused" else ("in_progress",))
    sealed = None
    if erasure_id is None:
        key = await _key_of(connection, keys, row.contact_id)
        sealed = seal_json(key, _ANSWER, row.id, words) if key else None
    values = {"answered_at": at, "handled_by": by, "sealed_answer": sealed, "erasure_id": erasure_id}
    return await _move(connection, keys, row, to, by, at, None, **values)


async def in_work(connection: AsyncConnection, request_id: UUID) -> tuple[UUID, RequestKind]:
    """Contact and kind of a request that is being worked on, held until the transaction ends.

    Raises :class:`UnknownRecord`, :class:`Refused` ``bad_transition``.
    """
    row = await _held(connection, request_id, ("in_progress",))
    return row.contact_id, row.kind


async def show_request(connection: AsyncConnection, keys: Keys, request_id: UUID) -> PrivacyRequest:
    """One request with its history. Raises :class:`UnknownRecord`."""
    query = select(privacy_requests).where(privacy_requests.c.id == request_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownRecord(str(request_id))
    return (await _records(connection, keys, [row], history=True))[0]


async def list_requests(
    connection: AsyncConnection,
    keys: Keys,
    states: Iterable[RequestState],
    *,
    kinds: Iterable[RequestKind] | None = None,
    skip: int = 0,
    limit: int = 50,
) -> Sequence[PrivacyRequest]:
    """Requests in these states, of these kinds, without their history: by deadline, so that the overdue come first."""
    query = (
        select(privacy_requests)
        .where(privacy_requests.c.state.in_(list(states)))
        .order_by(privacy_requests.c.due_at, privacy_requests.c.id)
        .offset(skip)
        .limit(limit)
    )
    if kinds is not None:
        query = query.where(privacy_requests.c.kind.in_(list(kinds)))
    return await _records(connection, keys, (await connection.execute(query)).all(), history=False)


async def requests_of(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> Sequence[PrivacyRequest]:
    """Of the whole family, newest first; of an erased contact those under its pseudonym."""
    family = select(contacts.c.id).where(
        contacts.c.root_id == select(contacts.c.root_id).where(contacts.c.id == contact_id).scalar_subquery()
    )
    theirs = privacy_requests.c.contact_id.in_(family) | (privacy_requests.c.contact_id == contact_id)
    query = select(privacy_requests).where(theirs).order_by(privacy_requests.c.id.desc())
    return await _records(connection, keys, (await connection.execute(query)).all(), history=False)


async def _assurance(connection: AsyncConnection, root: UUID, identity_id: UUID | None) -> str:
    if identity_id is None:
        return "anonymous"
    found = await connection.scalar(
        select(identities.c.assurance)
        .join(contacts, contacts.c.id == identities.c.contact_id)
        .where(identities.c.id == identity_id, contacts.c.root_id == root)
    )
    if found is None:
        raise Refused("foreign_identity")
    return str(found)


async def _held(
    connection: AsyncConnection, request_id: UUID, states: Iterable[str], expected_version: int | None = None
) -> AnyRow:
    query = select(privacy_requests).where(privacy_requests.c.id == request_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownRecord(str(request_id))
    if expected_version not in (None, row.version):
        raise VersionConflict(row.version)
    if row.state not in states:
        raise Refused("bad_transition")
    return row


async def _move(
    connection: AsyncConnection,
    keys: Keys,
    row: AnyRow,
    to: RequestState,
    by: str,
    at: datetime,
    method: str | None,
    **values: Any,
) -> PrivacyRequest:
    changed = update(privacy_requests).where(privacy_requests.c.id == row.id)
    await connection.execute(changed.values(state=to, version=row.version + 1, **values))
    await note(connection, row.id, at, by, row.state, to, method)
    return await show_request(connection, keys, row.id)


async def note(
    connection: AsyncConnection,
    request_id: UUID,
    at: datetime,
    by: str,
    before: str | None,
    to: str,
    method: str | None,
) -> None:
    """One step of the history."""
    event = {"request_id": request_id, "at": at, "by": by, "from_state": before, "to_state": to, "method": method}
    await connection.execute(insert(privacy_events).values(id=uuid7(), **event))


async def _key_of(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> DataKey | None:
    key_id = await connection.scalar(select(contacts.c.key_id).where(contacts.c.id == contact_id))
    return None if key_id is None else (await load_keys(connection, keys, [key_id])).get(key_id)


async def _records(
    connection: AsyncConnection, keys: Keys, rows: Sequence[AnyRow], *, history: bool
) -> list[PrivacyRequest]:
    opener = await opener_for(connection, keys, (one for row in rows for one in (row.sealed_words, row.sealed_answer)))
    events: dict[UUID, list[PrivacyEvent]] = {}
    if history:
        query = select(privacy_events).where(privacy_events.c.request_id.in_([row.id for row in rows]))
        for one in await connection.execute(query.order_by(privacy_events.c.id)):
            step = PrivacyEvent(one.at, one.by, one.from_state, one.to_state, one.method)
            events.setdefault(one.request_id, []).append(step)
    return [
        PrivacyRequest(
            id=row.id,
            contact_id=row.contact_id,
            kind=row.kind,
            state=row.state,
            assurance=row.assurance,
            opened_at=row.opened_at,
            opened_by=row.opened_by,
            due_at=row.due_at,
            provisional=row.provisional,
            checked_method=row.checked_method,
            checked_by=row.checked_by,
            handled_by=row.handled_by,
            answered_at=row.answered_at,
            words=opener.value(_WORDS, row.id, row.sealed_words),
            answer=opener.value(_ANSWER, row.id, row.sealed_answer),
            erasure_id=row.erasure_id,
            version=row.version,
            events=tuple(events.get(row.id, ())),
            ended_at=row.ended_at,
            ended_by=row.ended_by,
            ended_reason=row.ended_reason,
        )
        for row in rows
    ]


def erases(kind: RequestKind) -> bool:
    """Whether answering such a request erases the person."""
    return kind in ERASING

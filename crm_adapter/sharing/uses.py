"""New uses of customer data (PR2): asked for by one person, decided by another, carried out while they are valid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, seal_json, unseal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.port import BadField, Refused, UnknownRecord
from crm_adapter.records.value import BadSegment
from crm_adapter.sharing.deidentify import EXPORTABLE, IDENTIFYING
from crm_adapter.sharing.tables import uses
from crm_adapter.sharing.third_parties import in_force
from crm_adapter.value.segments import check_segment

UseKind = Literal["export", "analysis", "hand_out"]
Decision = Literal["approved", "refused"]
_REQUEST, _DECISION = "uses.request", "uses.decision"


@dataclass(frozen=True, slots=True)
class NewUse:
    """What is asked for. Either ``segment`` (a condition) or ``contact_ids``; ``purpose`` is a code, ``what_for`` says
    it in words. ``why_identified`` is needed when it is not de-identified; ``recipient`` is a third party."""

    kind: UseKind
    purpose: str
    what_for: str
    fields: tuple[str, ...]
    asked_by: str
    segment: Mapping[str, Any] | None = None
    contact_ids: tuple[UUID, ...] | None = None
    deidentified: bool = True
    why_identified: str | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    id: UUID
    asked: NewUse
    asked_at: datetime
    decision: Decision | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    valid_until: datetime | None
    used_at: datetime | None
    times_used: int


async def ask_use(connection: AsyncConnection, keys: Keys, asked: NewUse) -> Use:
    """Puts the request before a second person.

    Raises :class:`BadField` (``fields``, ``audience``, ``segment``, ``why_identified``, ``recipient``). De-identified,
    nothing that names a person or is free text may be asked for.
    """
    _check(asked)
    if asked.recipient is not None and await in_force(connection, asked.recipient) is None:
        raise BadField("recipient", "unknown_recipient")
    use_id = uuid7()
    request = {"what_for": asked.what_for, "why_identified": asked.why_identified}
    key = await house_key(connection, keys)
    row = {
        "id": use_id,
        "kind": asked.kind,
        "purpose": asked.purpose,
        "fields": list(asked.fields),
        "segment": dict(asked.segment) if asked.segment is not None else None,
        "contact_ids": list(asked.contact_ids) if asked.contact_ids is not None else None,
        "recipient": asked.recipient,
        "deidentified": asked.deidentified,
        "sealed_request": seal_json(key, _REQUEST, use_id, request),
        "asked_by": asked.asked_by,
    }
    written = (await connection.execute(insert(uses).values(row).returning(uses))).one()
    return _shape(written, key)


def _check(asked: NewUse) -> None:
    if not asked.fields or not set(asked.fields) <= EXPORTABLE:
        raise BadField("fields", "not_allowed")
    if asked.deidentified and set(asked.fields) & IDENTIFYING:
        raise BadField("fields", "identifying")
    if (asked.segment is None) == (asked.contact_ids is None) or asked.contact_ids == ():
        raise BadField("audience", "missing")
    if asked.segment is not None:
        try:
            check_segment(asked.segment)
        except BadSegment as bad:
            raise BadField("segment", bad.code) from None
    if not asked.deidentified and not (asked.why_identified or "").strip():
        raise BadField("why_identified", "missing")


async def decide_use(
    connection: AsyncConnection,
    keys: Keys,
    use_id: UUID,
    decision: Decision,
    by: str,
    reason: str,
    *,
    valid_until: datetime | None = None,
) -> Use:
    """The second person's word. Raises :class:`UnknownRecord`, :class:`Refused` ``own_request`` and
    ``already_decided``, :class:`BadField` ``valid_until`` (an approval ends)."""
    before = await _locked(connection, use_id)
    if before.asked_by == by:
        raise Refused("own_request")
    if before.decision is not None:
        raise Refused("already_decided")
    if (decision == "approved") != (valid_until is not None):
        raise BadField("valid_until", "missing" if decision == "approved" else "not_allowed")
    key = await house_key(connection, keys)
    change = update(uses).where(uses.c.id == use_id)
    decided = change.values(
        decision=decision,
        decided_by=by,
        decided_at=func.now(),
        sealed_decision=seal_json(key, _DECISION, use_id, reason),
        valid_until=valid_until,
    )
    return _shape((await connection.execute(decided.returning(uses))).one(), key)


async def find_use(connection: AsyncConnection, keys: Keys, use_id: UUID) -> Use:
    """Raises :class:`UnknownRecord`."""
    row = (await connection.execute(select(uses).where(uses.c.id == use_id))).one_or_none()
    if row is None:
        raise UnknownRecord
    return _shape(row, await house_key(connection, keys))


async def list_uses(
    connection: AsyncConnection,
    keys: Keys,
    *,
    undecided: bool = False,
    before: UUID | None = None,
    limit: int = 50,
) -> Sequence[Use]:
    """Uses asked for before ``before``, newest first."""
    query = select(uses).order_by(uses.c.id.desc()).limit(limit)
    if undecided:
        query = query.where(uses.c.decision.is_(None))
    if before is not None:
        query = query.where(uses.c.id < before)
    key = await house_key(connection, keys)
    return [_shape(row, key) for row in (await connection.execute(query)).all()]


async def begin_use(connection: AsyncConnection, use_id: UUID) -> None:
    """Counts one carrying-out. Raises :class:`UnknownRecord`, :class:`Refused` ``not_approved``, ``use_expired``."""
    row = await _locked(connection, use_id)
    if row.decision != "approved":
        raise Refused("not_approved")
    if row.expired:
        raise Refused("use_expired")
    counted = update(uses).where(uses.c.id == use_id).values(used_at=func.now(), times_used=uses.c.times_used + 1)
    await connection.execute(counted)


async def _locked(connection: AsyncConnection, use_id: UUID) -> Row[Any]:
    query = select(uses, (uses.c.valid_until <= func.now()).label("expired")).where(uses.c.id == use_id)
    row = (await connection.execute(query.with_for_update())).one_or_none()
    if row is None:
        raise UnknownRecord
    return row


def _shape(row: Row[Any], key: DataKey) -> Use:
    request = unseal_json(key, _REQUEST, row.id, row.sealed_request)
    asked = NewUse(
        kind=row.kind,
        purpose=row.purpose,
        what_for=request["what_for"],
        fields=tuple(row.fields),
        asked_by=row.asked_by,
        segment=row.segment,
        contact_ids=tuple(row.contact_ids) if row.contact_ids is not None else None,
        deidentified=row.deidentified,
        why_identified=request["why_identified"],
        recipient=row.recipient,
    )
    reason = unseal_json(key, _DECISION, row.id, row.sealed_decision) if row.sealed_decision else None
    return Use(
        row.id,
        asked,
        row.asked_at,
        row.decision,
        row.decided_by,
        row.decided_at,
        reason,
        row.valid_until,
        row.used_at,
        row.times_used,
    )

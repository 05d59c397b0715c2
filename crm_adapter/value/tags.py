"""Tags: those of the rules, and free ones that people give, with their history (CP7)."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import contact_row, members_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.encryption import DataKey, Keys, seal_json
from crm_adapter.encryption.opening import opener_for
from crm_adapter.encryption.vault import load_key
from crm_adapter.port import BadField, Refused
from crm_adapter.records.value import StandingChange, Tag
from crm_adapter.tables import contacts
from crm_adapter.value.assessment import BY_RULES, read_standing
from crm_adapter.value.tables import standing_changes, tags

LONGEST_NAME = 40
LONGEST_REASON = 1000
# Tags stand in clear: nobody should be found by one. A phone number, an address or an account has such a part.
_PERSONAL = re.compile(r"@|\d[\d\s-]{4,}\d")


def tag_name(name: str) -> str:
    """The name as it is stored: one line, blanks at the ends removed, Latin letters small. Raises :class:`BadField`."""
    plain = " ".join(name.split()).lower()
    if not plain:
        raise BadField("tag", "missing")
    if len(plain) > LONGEST_NAME:
        raise BadField("tag", "too_long")
    if not plain.isprintable():
        raise BadField("tag", "not_allowed")
    if _PERSONAL.search(plain):
        raise BadField("tag", "personal")
    return plain


async def add_tag(
    connection: AsyncConnection, keys: Keys, contact_id: UUID, name: str, by: str, reason: str, now: datetime
) -> None:
    """Adds it once to the family. Raises :class:`BadField` and :class:`~crm_adapter.port.UnknownRecord`."""
    name, reason = tag_name(name), _reason(reason)
    contact = await contact_row(connection, contact_id)
    family = members_of(contact.root_id)
    there = select(tags.c.id).where(tags.c.contact_id.in_(family), tags.c.name == name)
    if (await connection.execute(there)).first() is not None:
        return
    key, tag_id = await load_key(connection, keys, contact.key_id), uuid7()
    new = upsert(tags).values(
        id=tag_id,
        contact_id=contact_id,
        name=name,
        by=by,
        sealed_reason=seal_json(key, "tags.reason", tag_id, reason),
        at=now,
    )
    added = await connection.execute(new.on_conflict_do_nothing().returning(tags.c.id))
    if added.first() is not None:
        await _note(connection, key, contact_id, None, name, by, reason, now, tag_id)


async def remove_tag(
    connection: AsyncConnection, keys: Keys, contact_id: UUID, name: str, by: str, reason: str, now: datetime
) -> None:
    """Removes a free tag from the whole family; none there is fine.

    Raises :class:`Refused` ``tag_of_rules`` for one that only the rules give, :class:`BadField` and
    :class:`~crm_adapter.port.UnknownRecord`.
    """
    name, reason = tag_name(name), _reason(reason)
    contact = await contact_row(connection, contact_id)
    family = members_of(contact.root_id)
    gone = delete(tags).where(tags.c.contact_id.in_(family), tags.c.name == name).returning(tags.c.id)
    removed = (await connection.execute(gone)).scalars().all()
    if removed:
        key = await load_key(connection, keys, contact.key_id)
        await _note(connection, key, contact_id, name, None, by, reason, now, removed[0])
        return
    standing = await read_standing(connection, contact.root_id)
    if standing is not None and name in standing.assessment.tags:
        raise Refused("tag_of_rules")


async def read_tags(connection: AsyncConnection, keys: Keys, contact_id: UUID) -> Sequence[Tag]:
    """The family's tags by name; where a person and a rule gave the same one, the person's."""
    root_id = await root_of(connection, contact_id)
    found: dict[str, Tag] = {}
    standing = await read_standing(connection, root_id)
    if standing is not None and standing.assessment.tags:
        query = (
            select(standing_changes.c.to_value, standing_changes.c.rule, standing_changes.c.at)
            .where(
                standing_changes.c.contact_id == root_id,
                standing_changes.c.what == "tag",
                standing_changes.c.by == BY_RULES,
                standing_changes.c.to_value.in_(standing.assessment.tags),
            )
            .order_by(standing_changes.c.number)
        )
        for row in await connection.execute(query):
            found[row.to_value] = Tag(row.to_value, BY_RULES, row.rule, row.at, row.rule)
    query_free = (
        select(tags)
        .join(contacts, contacts.c.id == tags.c.contact_id)
        .where(contacts.c.root_id == root_id)
        .order_by(tags.c.at.desc())
    )
    rows = (await connection.execute(query_free)).all()
    opener = await opener_for(connection, keys, (row.sealed_reason for row in rows))
    for row in rows:
        words = opener.value("tags.reason", row.id, row.sealed_reason) or ""
        found[row.name] = Tag(row.name, row.by, words, row.at)
    return [found[name] for name in sorted(found)]


async def read_changes(
    connection: AsyncConnection, keys: Keys, contact_id: UUID, limit: int
) -> Sequence[StandingChange]:
    """What changed of the family's class, stage and tags, newest first."""
    root_id = await root_of(connection, contact_id)
    query = (
        select(standing_changes)
        .join(contacts, and_(contacts.c.id == standing_changes.c.contact_id, contacts.c.root_id == root_id))
        .order_by(standing_changes.c.number.desc())
        .limit(limit)
    )
    rows = (await connection.execute(query)).all()
    opener = await opener_for(connection, keys, (row.sealed_reason for row in rows))
    return [
        StandingChange(
            row.what,
            row.from_value,
            row.to_value,
            row.by,
            row.rule,
            opener.value("standing_changes.reason", row.id, row.sealed_reason),
            row.at,
        )
        for row in rows
    ]


def _reason(reason: str) -> str:
    if len(reason) > LONGEST_REASON:
        raise BadField("reason", "too_long")
    return reason


async def _note(
    connection: AsyncConnection,
    key: DataKey,
    contact_id: UUID,
    before: str | None,
    after: str | None,
    by: str,
    reason: str,
    now: datetime,
    tag_id: UUID,
) -> None:
    change_id = uuid7()
    entry = insert(standing_changes).values(
        id=change_id,
        contact_id=contact_id,
        what="tag",
        from_value=before,
        to_value=after,
        by=by,
        sealed_reason=seal_json(key, "standing_changes.reason", change_id, reason),
        at=now,
    )
    await connection.execute(entry)
    await note_change(connection, "tag", [contact_id], tag_id)

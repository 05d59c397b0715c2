"""With what right each imported contact is held, who said so; and the way out of quarantine (PR12)."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.feed import note_change
from crm_adapter.encryption import Keys, seal
from crm_adapter.encryption.vault import load_keys
from crm_adapter.imports.basis import LawfulBasis
from crm_adapter.imports.tables import import_origins
from crm_adapter.port import Refused, UnknownRecord
from crm_adapter.tables import contacts

_AT_ONCE = 1000


class Origin(NamedTuple):
    contact_id: UUID
    basis: LawfulBasis | None


async def note_origins(
    connection: AsyncConnection, keys: Keys, import_id: UUID, by: str, origins: Sequence[Origin]
) -> None:
    """Notes for each contact what it came with; proofs are sealed with the contact's own key."""
    if not origins:
        return
    query = select(contacts.c.id, contacts.c.key_id).where(contacts.c.id.in_({one.contact_id for one in origins}))
    key_of = {row.id: row.key_id for row in await connection.execute(query)}
    opened = await load_keys(connection, keys, key_of.values())
    rows = []
    for contact_id, basis in origins:
        id = uuid7()
        proof = basis and seal(
            opened[key_of[contact_id]], "import_origins.proof", id, basis.proof.encode("utf-8", "replace")
        )
        kind = basis.kind if basis else None
        rows.append(
            {
                "id": id,
                "import_id": import_id,
                "contact_id": contact_id,
                "basis": kind,
                "sealed_proof": proof,
                "by": by,
            }
        )
    await connection.execute(insert(import_origins), rows)


async def release(
    connection: AsyncConnection,
    keys: Keys,
    basis: LawfulBasis,
    by: str,
    *,
    import_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> int:
    """Lets an import's contacts, or one contact, out of quarantine; how many.

    ``by`` is a person (``staff:<id>``). Raises :class:`Refused` ``person_needed``, and :class:`UnknownRecord` for a
    contact that no import brought.
    """
    if not by.startswith("staff:"):
        raise Refused("person_needed")
    came = select(import_origins.c.contact_id, import_origins.c.import_id)
    if import_id is not None:
        came = came.where(import_origins.c.import_id == import_id)
    if contact_id is not None:
        came = came.where(import_origins.c.contact_id == contact_id)
    came = came.ext(distinct_on(import_origins.c.contact_id))
    first = came.order_by(import_origins.c.contact_id, import_origins.c.id).subquery()
    if contact_id is not None and (await connection.execute(select(first))).first() is None:
        raise UnknownRecord(f"no import brought the contact {contact_id}")
    held = (
        select(contacts.c.id, first.c.import_id)
        .join(first, first.c.contact_id == contacts.c.id)
        .where(contacts.c.quarantined)
        .order_by(contacts.c.id)
        .with_for_update(of=contacts)
    )
    found = (await connection.execute(held)).all()
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        ids = [row.id for row in part]
        out = update(contacts).where(contacts.c.id.in_(ids))
        await connection.execute(
            out.values(
                quarantined=False, lawful_basis=basis.kind, version=contacts.c.version + 1, updated_at=func.now()
            )
        )
        for import_of in {row.import_id for row in part}:
            theirs = [Origin(row.id, basis) for row in part if row.import_id == import_of]
            await note_origins(connection, keys, import_of, by, theirs)
        await note_change(connection, "contact", ids)
    return len(found)

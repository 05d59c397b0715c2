"""Linking an account to a contact: only what is proven on both sides merges by itself; the rest is asked of staff."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers import facts as facts_of
from crm_adapter.customers import identities as identities_of
from crm_adapter.customers import matching, profiles
from crm_adapter.customers.families import root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.customers.locks import Locked, Moved, lock_profile, lock_values
from crm_adapter.customers.merging import merge
from crm_adapter.encryption import Keys
from crm_adapter.encryption.vault import load_key
from crm_adapter.port import Refused
from crm_adapter.records.customers import Linked, LinkResult, Merged, Noted, Provenance, Suggested


async def link(
    connection: AsyncConnection,
    keys: Keys,
    contact_id: UUID,
    channel: str,
    account: str,
    external_id: str,
    provenance: Provenance,
    *,
    reachable: bool = True,
) -> LinkResult:
    """See :meth:`crm_adapter.port.Customers.link_identity`; ``provenance.assurance`` is the identity's. May raise
    Moved."""
    field = channel if channel in facts_of.FOUND_BY else None
    account, external_id = identities_of.names_of(channel, account, external_id)
    blind = identities_of.blind_of(keys, account, external_id)
    fields: dict[str, str | None] = {} if field is None else {field: external_id}
    points = profiles.points_of(keys, fields)
    await lock_values(connection, [blind, *(point.blind for point in points)])
    root_id = await root_of(connection, contact_id)
    there = await identities_of.find(connection, blind)
    if there is not None and there.root_id != root_id:
        done = await _of_another(connection, keys, root_id, there, channel, fields, provenance)
        if await root_of(connection, contact_id) not in (root_id, there.root_id):
            raise Moved
        return done
    others = await profiles.others_with(connection, points, root_id)
    locked = await lock_profile(connection, root_id, *set().union(*others.values()), member=contact_id)
    if field is not None and (there is None or provenance.assurance == "verified"):
        await profiles.write(connection, keys, locked, fields, provenance, others)
    if there is not None:
        await _raise(connection, root_id, there, provenance)
        return Linked(there.id, new=False)
    if field is not None and provenance.assurance != "verified":
        return Noted(field)
    return await _new(connection, keys, locked, (channel, account, external_id), blind, provenance, reachable)


async def _new(
    connection: AsyncConnection,
    keys: Keys,
    locked: Locked,
    names: tuple[str, str, str],
    blind: bytes,
    provenance: Provenance,
    reachable: bool,
) -> Linked:
    made = await identities_of.find(connection, blind)  # a proven phone's came with its fact
    if made is not None:
        return Linked(made.id, new=True)
    key = await load_key(connection, keys, locked.key_id)
    identity_id = await identities_of.add(
        connection, keys, locked.id, key, *names, provenance.assurance, at=provenance.at, reachable=reachable
    )
    await note_change(connection, "identity", [locked.id], identity_id)
    return Linked(identity_id, new=True)


async def _raise(connection: AsyncConnection, root_id: UUID, there: identities_of.Held, provenance: Provenance) -> None:
    if facts_of.surer(provenance.assurance, there.assurance):
        await identities_of.raise_assurance(connection, there.id, provenance.assurance, at=provenance.at)
        await note_change(connection, "identity", [root_id], there.id)


async def _of_another(
    connection: AsyncConnection,
    keys: Keys,
    root_id: UUID,
    there: identities_of.Held,
    channel: str,
    fields: dict[str, str | None],
    provenance: Provenance,
) -> LinkResult:
    other_id = there.root_id
    proven = provenance.assurance == there.assurance == "verified"
    if proven and await matching.are_different(connection, root_id, other_id) is None:
        # The older one stays: ids grow with time, and more points at it.
        older, newer = sorted((root_id, other_id))
        try:
            merge_id = await merge(connection, newer, older, provenance.set_by, f"verified_{channel}")
        except Refused:  # staff was faster
            raise Moved from None
        if fields:
            await profiles.write(connection, keys, await lock_profile(connection, older), fields, provenance, {})
        return Merged(merge_id, older)
    if fields:
        await profiles.change(connection, keys, root_id, fields, provenance)
    else:
        await lock_profile(connection, root_id, other_id)
    reason = f"same_{channel}" if fields else "same_account"
    return Suggested(await matching.suggest(connection, root_id, other_id, reason), other_id)

"""The SQL store's side of :class:`~crm_adapter.port.Values`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import root_of
from crm_adapter.port import BadField, UnknownRecord
from crm_adapter.records.value import (
    Figures,
    Membership,
    NewOrder,
    Order,
    Organisation,
    Segment,
    Standing,
    StandingChange,
    Tag,
)
from crm_adapter.session import Session
from crm_adapter.value import organisations, tags
from crm_adapter.value.assessment import assess_contacts, read_standing
from crm_adapter.value.figures import read_figures
from crm_adapter.value.incoming import Incoming, Outcome, take_orders
from crm_adapter.value.orders import read_orders, store_order
from crm_adapter.value.rules import Rules
from crm_adapter.value.rules_file import rules_in_force
from crm_adapter.value.segments import check_segment, members
from crm_adapter.value.tables import memberships, segments

LONGEST_SEGMENT_NAME = 100
# A sub-query that does not fit is run again for every contact: a million ids fit into this.
_ROOM = text("SET LOCAL work_mem = '128MB'")
_NO_COMPILER = text("SET LOCAL jit = off")
_IN_TIME = text("SET LOCAL statement_timeout = '20s'")


class SqlValues(Session):
    """Orders, figures, standings, tags, organisations and segments in PostgreSQL."""

    @property
    def rules(self) -> Rules:
        """The rules in force; those before while a changed file is faulty.

        Raises :class:`~crm_adapter.value.rules_file.RulesFault` when there are none.
        """
        return rules_in_force(self._policy.rules_file)

    async def put_order(self, order: NewOrder) -> Order:
        async with self._work() as connection:
            now = datetime.now(UTC)
            stored = await store_order(connection, order, now)
            await assess_contacts(connection, stored.concerned, self.rules, now)
            return stored.order

    async def take_orders(self, incoming: Sequence[Incoming], *, dry_run: bool = False) -> Sequence[Outcome]:
        """What becomes of each, in the order given; what is wrong with one does not keep the others from being stored.

        A dry run stores nothing.
        """
        async with self._work() as connection, connection.begin_nested() as attempt:
            now = datetime.now(UTC)
            outcomes, concerned = await take_orders(connection, self._keys, incoming, now)
            if dry_run:
                await attempt.rollback()
            else:
                await assess_contacts(connection, concerned, self.rules, now)
            return outcomes

    async def orders(self, contact_id: UUID, *, limit: int | None = None) -> Sequence[Order]:
        async with self._work() as connection:
            return await read_orders(connection, await root_of(connection, contact_id), limit)

    async def assess(self, contact_id: UUID) -> Standing:
        """Computes figures and standing of the contact's family now. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            root_id = await root_of(connection, contact_id)
            await assess_contacts(connection, [contact_id, root_id], self.rules, datetime.now(UTC))
            standing = await read_standing(connection, root_id)
            if standing is None:
                raise UnknownRecord(f"there is no contact {contact_id}")
            return standing

    async def standing(self, contact_id: UUID) -> Standing | None:
        """Class and stage as they were assessed last, ``None`` before that. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            return await read_standing(connection, await root_of(connection, contact_id))

    async def figures(self, contact_id: UUID) -> Figures | None:
        """The figures as they were computed last, ``None`` before that. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            return await read_figures(connection, await root_of(connection, contact_id))

    async def standing_changes(self, contact_id: UUID, *, limit: int = 100) -> Sequence[StandingChange]:
        """What changed of class, stage and tags, over the whole family, newest first. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            return await tags.read_changes(connection, self._keys, contact_id, limit)

    async def tag(self, contact_id: UUID, name: str, by: str, reason: str) -> None:
        async with self._work() as connection:
            await tags.add_tag(connection, self._keys, contact_id, name, by, reason, datetime.now(UTC))

    async def untag(self, contact_id: UUID, name: str, by: str, reason: str) -> None:
        async with self._work() as connection:
            await tags.remove_tag(connection, self._keys, contact_id, name, by, reason, datetime.now(UTC))

    async def tags(self, contact_id: UUID) -> Sequence[Tag]:
        async with self._work() as connection:
            return await tags.read_tags(connection, self._keys, contact_id)

    async def set_organisation(self, organisation: Organisation) -> None:
        """Sets what an organisation is. Raises :class:`BadField`, ``Refused`` and :class:`UnknownRecord`."""
        async with self._work() as connection:
            await organisations.store_organisation(connection, organisation, datetime.now(UTC))

    async def organisation(self, contact_id: UUID) -> Organisation | None:
        """What is known of an organisation, ``None`` if nothing. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            return await organisations.read_organisation(connection, contact_id)

    async def add_member(self, organisation_id: UUID, person_id: UUID, role: str) -> Membership:
        """Makes a person a member, or changes their role. Raises :class:`BadField`, ``Refused``."""
        async with self._work() as connection:
            return await organisations.join(connection, organisation_id, person_id, role, datetime.now(UTC))

    async def remove_member(self, organisation_id: UUID, person_id: UUID) -> None:
        """Ends a membership; it stays in the history. None there is fine."""
        async with self._work() as connection:
            await organisations.leave(connection, organisation_id, person_id, datetime.now(UTC))

    async def members(self, organisation_id: UUID, *, former: bool = False) -> Sequence[Membership]:
        """Who belongs to an organisation, oldest first."""
        async with self._work() as connection:
            side = memberships.c.organisation_id
            return await organisations.read_memberships(connection, side, organisation_id, former=former)

    async def organisations_of(self, person_id: UUID, *, former: bool = False) -> Sequence[Membership]:
        """Where a person belongs, oldest first."""
        async with self._work() as connection:
            side = memberships.c.person_id
            return await organisations.read_memberships(connection, side, person_id, former=former)

    async def save_segment(self, name: str, condition: Mapping[str, object], by: str) -> Segment:
        check_segment(condition)
        plain = " ".join(name.split())
        if not plain or len(plain) > LONGEST_SEGMENT_NAME or not plain.isprintable():
            raise BadField("name", "too_long" if len(plain) > LONGEST_SEGMENT_NAME else "not_allowed")
        async with self._work() as connection:
            values = {"condition": dict(condition), "saved_by": by, "saved_at": datetime.now(UTC)}
            put = upsert(segments).values(id=uuid7(), name=plain, **values)
            put = put.on_conflict_do_update(constraint="segments_name_key", set_=values)
            row = (await connection.execute(put.returning(*segments.c))).one()
            return Segment(**row._mapping)

    async def segments(self) -> Sequence[Segment]:
        """Every saved segment, by name."""
        async with self._work() as connection:
            rows = await connection.execute(select(segments).order_by(segments.c.name))
            return [Segment(**row._mapping) for row in rows]

    async def remove_segment(self, segment_id: UUID) -> None:
        """Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            gone = await connection.execute(delete(segments).where(segments.c.id == segment_id))
            if not gone.rowcount:
                raise UnknownRecord(f"there is no segment {segment_id}")

    async def count_segment(self, condition: Mapping[str, object]) -> int:
        found = members(check_segment(condition), datetime.now(UTC)).subquery()
        async with self.roomy() as connection:
            return int((await connection.execute(select(func.count()).select_from(found))).scalar_one())

    async def segment_members(
        self, condition: Mapping[str, object], *, after: UUID | None = None, limit: int = 1000
    ) -> Sequence[UUID]:
        found = members(check_segment(condition), datetime.now(UTC))
        ids = found.selected_columns[0]
        if after is not None:
            found = found.where(ids > after)
        async with self.roomy() as connection:
            return (await connection.execute(found.order_by(ids).limit(limit))).scalars().all()

    @asynccontextmanager
    async def roomy(self) -> AsyncIterator[AsyncConnection]:
        """A transaction with the memory, and the time, that segments are counted in."""
        async with self._work() as connection, connection.begin_nested() as reading:
            for setting in (_ROOM, _NO_COMPILER, _IN_TIME):
                await connection.execute(setting)
            yield connection
            await reading.rollback()  # nothing was written, and a caller's transaction gets its own settings back

"""The consent room of the SQL store."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.consent import events, projection
from crm_adapter.consent.fold import Standing, decide, moved_by, summary
from crm_adapter.consent.notices import NO_RECIPIENT, Notice, Notices, keep_notice
from crm_adapter.consent.purposes import read_purposes
from crm_adapter.consent.rules import check_event, grants, is_child, may_use
from crm_adapter.customers.families import family_of, root_of
from crm_adapter.customers.feed import note_change
from crm_adapter.encryption import DataKey
from crm_adapter.policy import Policy
from crm_adapter.records.consent import Consent, ConsentEntry, ConsentReceipt, ConsentRefused, NewConsentEvent
from crm_adapter.session import Session
from crm_adapter.tables import contacts


def notices_of(policy: Policy) -> Notices:
    """The notices in force under a policy; the file is read once per process.

    Raises :class:`~crm_adapter.consent.purposes.PurposesFault`.
    """
    return _notices(policy.purposes_file, policy.controller, policy.jurisdiction, policy.policy_url)


@cache
def _notices(file: Path | None, controller: str, jurisdiction: str, policy_url: str | None) -> Notices:
    return Notices(read_purposes(file), controller, jurisdiction, policy_url)


class SqlConsents(Session):
    """See :class:`crm_adapter.port.Consents`."""

    @property
    def notices(self) -> Notices:
        """What is in force now."""
        return notices_of(self._policy)

    @property
    def child_below_years(self) -> int:
        """SL7: below this age a guardian consents."""
        return self._policy.child_below_years

    async def record_consent(self, event: NewConsentEvent) -> ConsentReceipt:
        """See :meth:`crm_adapter.port.Consents.record_consent`."""
        async with self._work() as connection:
            row = await events.already(connection, event)
            if row is None:
                family = await _lock_family(connection, event.contact_id)
                row = await self._record(connection, event, family)
            return _receipt(row)

    async def tell_newcomer(self, event: NewConsentEvent, key: DataKey) -> None:
        """Records that somebody new was shown the notice in force.

        Only ``within`` the transaction that has made the contact, where nothing can stand yet: it costs one round trip
        then. ``key`` is the contact's own, by which identity and contact were made.
        """
        notice = check_event(event, self.notices, told=None, child=False)
        async with self._work() as connection:
            if not await events.append_first(connection, key, event, notice):
                await self.record_consent(event)

    async def consents(self, contact_id: UUID) -> Sequence[Consent]:
        """See :meth:`crm_adapter.port.Consents.consents`."""
        async with self._work() as connection:
            family = await family_of(connection, await root_of(connection, contact_id))
            rows = await projection.standings(connection, family)
        return [self.notices.shown(channel, one) for channel, one in summary(rows)]

    async def may_use(self, contact_id: UUID, purpose: str, channel: str, *, recipient: str | None = None) -> bool:
        """See :meth:`crm_adapter.port.Consents.may_use`.

        Never for a quarantined or restricted contact; that is asked before we begin something, not before a customer's
        own question is answered. ``within`` the caller's transaction a withdrawal waits until that is done, so that it
        finds, and cancels, what the caller puts into a queue.
        """
        async with self._work() as connection:
            root = await root_of(connection, contact_id)
            query = select(contacts.c.id, contacts.c.quarantined, contacts.c.restricted_at)
            query = query.where(contacts.c.root_id == root).order_by(contacts.c.id)
            if self._connection is not None:
                query = query.with_for_update(read=True)
            members = (await connection.execute(query)).all()
            if any(one.restricted_at or (one.quarantined and one.id == root) for one in members):
                return False
            family = [one.id for one in members]
            rows = await projection.standings(connection, family, purpose)
            standing = decide(rows, purpose, channel, recipient or NO_RECIPIENT)
            if not may_use(self.notices, purpose, recipient, standing, child=False):
                return False
            child = await self._is_child(connection, family)
            return may_use(self.notices, purpose, recipient, standing, child=child)

    async def was_told(self, contact_id: UUID, notice: Notice) -> bool:
        """Whether this very notice was shown to anybody of the family."""
        async with self._work() as connection:
            family = await family_of(connection, await root_of(connection, contact_id))
            return await events.was_shown(connection, family, notice.hash)

    async def is_child(self, contact_id: UUID) -> bool:
        """Whether a birthday known of the family is a child's (SL7, PIPL 31)."""
        async with self._work() as connection:
            family = await family_of(connection, await root_of(connection, contact_id))
            return await self._is_child(connection, family)

    async def consent_history(self, contact_id: UUID) -> Sequence[ConsentEntry]:
        """See :meth:`crm_adapter.port.Consents.consent_history`."""
        async with self._work() as connection:
            family = await family_of(connection, await root_of(connection, contact_id))
            return await events.entries(connection, self._keys, family)

    async def keep_notices(self) -> dict[tuple[str, str], int]:
        """Stores every notice in force; its version by purpose and recipient."""
        async with self._work() as connection:
            return {(one.purpose, one.recipient): await keep_notice(connection, one) for one in self.notices.all()}

    async def rebuild_consents(self) -> int:
        """Makes the projection what the ledger says; how many rows were not so."""
        async with self._work() as connection:
            return await projection.rebuild(connection)

    async def _record(self, connection: AsyncConnection, event: NewConsentEvent, family: Sequence[UUID]) -> Any:
        child = grants(event) and await self._is_child(connection, family)
        told = await self._told(connection, event)
        notice = check_event(event, self.notices, told=told, child=child)
        row, new = await events.append(connection, self._keys, event, notice, family)
        moved = moved_by(row.event, row.subject, row.covers, row.occurred_at, row.received_at) if new else None
        if moved is not None:
            state, subjects, since = moved
            about = {name: getattr(row, name) for name in ("purpose", "channel", "recipient", "guardian")}
            of = {"covers": tuple(row.covers), "event_id": row.id, "since": since, "state": state}
            notice_of = {"notice_hash": row.notice_hash, "notice_version": row.notice_version}
            standings = [Standing(subject=one, **about, **of, **notice_of) for one in sorted(subjects)]
            await projection.move(connection, standings)
        if new:
            await note_change(connection, "consent", [event.contact_id], row.id)
        return row

    async def _told(self, connection: AsyncConnection, event: NewConsentEvent) -> Notice | None:
        recipient = event.recipient or NO_RECIPIENT
        if event.notice_hash is not None:
            told = await events.notice_by_hash(connection, event.notice_hash)
            known = self.notices.find(event.purpose, recipient)
            told = told or (known if known is not None and known.hash == event.notice_hash else None)
            if told is None or (told.purpose, told.recipient) != (event.purpose, recipient):
                raise ConsentRefused("notice_missing")
            return told
        if not grants(event) and self.notices.find(event.purpose, recipient) is None:
            return await events.last_notice(connection, event.purpose, recipient)
        return None

    async def _is_child(self, connection: AsyncConnection, family: Sequence[UUID]) -> bool:
        born = await events.birthdays(connection, self._keys, family)
        return is_child(born, _today(), self._policy.child_below_years)


async def _lock_family(connection: AsyncConnection, contact_id: UUID) -> Sequence[UUID]:
    """The family, which stays one until the transaction ends; one consent event of it at a time.

    Raises :class:`~crm_adapter.port.UnknownRecord`.
    """
    while True:
        savepoint = await connection.begin_nested()
        root = await root_of(connection, contact_id)
        query = select(contacts.c.id).where(contacts.c.root_id == root).order_by(contacts.c.id)
        locked = (await connection.execute(query.with_for_update(key_share=True))).scalars().all()
        if contact_id in locked and list(locked) == list(await family_of(connection, root)):
            await savepoint.commit()
            return locked
        await savepoint.rollback()  # a merge was faster: its locks are given back before the next try


def _today() -> date:
    return datetime.now().astimezone().date()


def _receipt(row: Any) -> ConsentReceipt:
    return ConsentReceipt(
        event_id=row.id,
        number=row.receipt,
        event=row.event,
        purpose=row.purpose,
        channel=row.channel,
        notice_version=row.notice_version,
        notice_hash=row.notice_hash,
        occurred_at=row.occurred_at,
    )

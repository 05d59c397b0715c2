"""Consent in memory, by the same rules and the same fold as in SQL; without the chain, which is the SQL store's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from crm_adapter.consent.fold import Standing, decide, moved_by, summary
from crm_adapter.consent.notices import NO_RECIPIENT, Notice, Notices
from crm_adapter.consent.purposes import LOCALES
from crm_adapter.consent.receipts import new_receipt
from crm_adapter.consent.rules import check_event, check_repetition, grants, is_child, may_use
from crm_adapter.consent.sql_consents import notices_of
from crm_adapter.in_memory.state import Room
from crm_adapter.records.consent import Consent, ConsentEntry, ConsentReceipt, ConsentRefused, NewConsentEvent


class InMemoryConsents(Room):
    """See :class:`crm_adapter.port.Consents`."""

    @property
    def notices(self) -> Notices:
        """What is in force now."""
        return notices_of(self._state.policy)

    async def record_consent(self, event: NewConsentEvent) -> ConsentReceipt:
        """See :meth:`crm_adapter.port.Consents.record_consent`."""
        state = self._state
        known = None if event.idempotency_key is None else state.keys.get(("consent", event.idempotency_key))
        if known is not None:
            first = state.consent_events[known]
            check_repetition(event, first.subject, first.event, first.purpose, first.channel, first.recipient)
            return _receipt(first)
        family = sorted(state.family(event.contact_id))
        child = grants(event) and self._is_child(family)
        notice = check_event(event, self.notices, told=self._told(event), child=child)
        entry = self._entry(event, notice, self._keep(notice))
        state.consent_events[entry.event_id] = entry
        if event.idempotency_key is not None:
            state.keys["consent", event.idempotency_key] = entry.event_id
        self._let_stand(entry, family)
        state.changed(event.contact_id, "consent", entry.event_id)
        return _receipt(entry)

    async def consents(self, contact_id: UUID) -> Sequence[Consent]:
        """See :meth:`crm_adapter.port.Consents.consents`."""
        chosen = summary(self._choices(self._state.family(contact_id)))
        return [self.notices.shown(channel, one) for channel, one in chosen]

    async def may_use(self, contact_id: UUID, purpose: str, channel: str, *, recipient: str | None = None) -> bool:
        """See :meth:`crm_adapter.port.Consents.may_use`."""
        family = self._state.family(contact_id)
        people = [self._state.people[one] for one in family]
        if people[0].quarantined or any(one.restricted_at for one in people):
            return False
        standing = decide(self._choices(family), purpose, channel, recipient or NO_RECIPIENT)
        return may_use(self.notices, purpose, recipient, standing, child=self._is_child(family))

    async def consent_history(self, contact_id: UUID) -> Sequence[ConsentEntry]:
        """See :meth:`crm_adapter.port.Consents.consent_history`."""
        family = self._state.family(contact_id)
        mine = (one for one in self._state.consent_events.values() if one.subject in family)
        return sorted(mine, key=lambda one: one.event_id, reverse=True)

    def _choices(self, family: Sequence[UUID]) -> list[Standing]:
        return [one for one in self._state.consents.values() if one.subject in family]

    def _let_stand(self, entry: ConsentEntry, family: Sequence[UUID]) -> None:
        moved = moved_by(entry.event, entry.subject, family, entry.occurred_at, entry.received_at)
        if moved is None:
            return
        to, subjects, since = moved
        recipient = entry.recipient or NO_RECIPIENT
        for subject in subjects:
            choice = Standing(
                subject=subject,
                purpose=entry.purpose,
                channel=entry.channel,
                recipient=recipient,
                state=to,
                guardian=entry.by_guardian,
                covers=tuple(family),
                event_id=entry.event_id,
                notice_hash=entry.notice_hash,
                notice_version=entry.notice_version,
                since=since,
            )
            place = (subject, entry.purpose, entry.channel, recipient)
            before = self._state.consents.get(place)
            if before is None or before.age < choice.age:
                self._state.consents[place] = choice

    def _told(self, event: NewConsentEvent) -> Notice | None:
        recipient = event.recipient or NO_RECIPIENT
        in_force = self.notices.find(event.purpose, recipient)
        if event.notice_hash is not None:
            kept = self._state.notices.get(event.notice_hash)
            told = kept[0] if kept else in_force
            if told is None or (told.hash, told.purpose, told.recipient) != (
                event.notice_hash,
                event.purpose,
                recipient,
            ):
                raise ConsentRefused("notice_missing")
            return told
        if grants(event) or in_force is not None:
            return None
        same = [one for one in self._state.notices.values() if _is_about(one[0], event.purpose, recipient)]
        return max(same, key=lambda one: one[1])[0] if same else None

    def _keep(self, notice: Notice) -> int:
        kept = self._state.notices
        if notice.hash not in kept:
            same = [one for one in kept.values() if _is_about(one[0], notice.purpose, notice.recipient)]
            kept[notice.hash] = (notice, len(same) + 1)
        return kept[notice.hash][1]

    def _entry(self, event: NewConsentEvent, notice: Notice, version: int) -> ConsentEntry:
        content = notice.content
        return ConsentEntry(
            event_id=self._state.new_id(),
            receipt=new_receipt(self._state.dice.choice),
            subject=event.contact_id,
            event=event.event,
            purpose=event.purpose,
            channel=event.channel,
            recipient=event.recipient,
            told_on=event.told_on,
            assurance=event.assurance,
            controller=content["controller"],
            data_categories=tuple(content["categories"]),
            recipients=tuple(content["recipients"]),
            retention=content["retention"],
            jurisdiction=content["jurisdiction"],
            notice_hash=notice.hash,
            notice_version=version,
            notice_locale=event.locale if event.locale in LOCALES else "en",
            prompt=event.prompt,
            reply=event.reply,
            prompt_message_id=event.prompt_message_id,
            reply_message_id=event.reply_message_id,
            guardian=event.guardian,
            by_guardian=event.guardian is not None,
            readable=True,
            method=event.method,
            actor=event.actor,
            occurred_at=event.occurred_at,
            received_at=self._state.clock(),
        )

    def _is_child(self, family: Sequence[UUID]) -> bool:
        born = [
            date.fromisoformat(one.fact.value)
            for one in self._state.facts
            if one.contact_id in family
            and one.fact.field == "birthday"
            and one.fact.superseded_at is None
            and one.fact.value is not None
        ]
        return is_child(born, self._state.clock().astimezone().date(), self._state.policy.child_below_years)


def forget(entry: ConsentEntry) -> ConsentEntry:
    """The event as it is once its key is gone."""
    return replace(
        entry, prompt=None, reply=None, prompt_message_id=None, reply_message_id=None, guardian=None, readable=False
    )


def _is_about(notice: Notice, purpose: str, recipient: str) -> bool:
    return (notice.purpose, notice.recipient) == (purpose, recipient)


def _receipt(entry: ConsentEntry) -> ConsentReceipt:
    return ConsentReceipt(
        event_id=entry.event_id,
        number=entry.receipt,
        event=entry.event,
        purpose=entry.purpose,
        channel=entry.channel,
        notice_version=entry.notice_version,
        notice_hash=entry.notice_hash,
        occurred_at=entry.occurred_at,
    )

"""Export and erasure in memory; certificates are signed as in SQL, with a key that is the same on every run."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crm_adapter.customers.facts import FOUND_BY
from crm_adapter.in_memory.consent import forget
from crm_adapter.in_memory.state import Room
from crm_adapter.port import OpenRequests, UnknownRecord
from crm_adapter.records.customers import Export
from crm_adapter.records.erasure import Certificate
from crm_adapter.records.rights import OPEN_STATES, OpenRequest, PrivacyEvent
from crm_adapter.records.service import Case
from crm_adapter.rights.certificate import Erased, content_of, public_half, sign
from crm_adapter.rights.erasing import grounds_of

_SIGNING_KEY = Ed25519PrivateKey.from_private_bytes(b"in memory, for invented people..")


class InMemoryRights(Room):
    """See :class:`crm_adapter.port.Rights`."""

    async def export(self, contact_id: UUID) -> Export:
        """See :meth:`crm_adapter.port.Rights.export`."""
        state = self._state
        family = state.family(contact_id)
        accounts = [one for one in state.accounts.values() if one.home_id in family]
        known = {one.id for one in accounts}
        sections: dict[str, Iterable[Any]] = {
            "profiles": (state.people[one] for one in family),
            "identities": accounts,
            "facts": (one.fact for one in state.facts if one.contact_id in family),
            "interactions": (one.interaction for one in state.interactions.values() if one.identity_id in known),
            "consent_events": (one for one in state.consent_events.values() if one.subject in family),
            "cases": (one for one in state.cases.values() if one.contact_id in family),
            "tasks": (one for one in state.tasks.values() if one.contact_id in family),
            "orders": (one for one in state.orders.values() if one.contact_id in family),
            "opinions": (one for one in state.opinions.values() if one.contact_id in family),
            "tags": (tag for (holder, _), tag in state.tags.items() if holder in family),
            "privacy_requests": (one for one in state.requests.values() if one.contact_id in family),
        }
        content = {name: [_plain(asdict(one)) for one in rows] for name, rows in sections.items()}
        merged = sorted(str(one) for one in family[1:])
        return Export(family[0], state.clock(), {"contact_id": str(family[0]), "merged": merged, **content})

    async def erase(
        self, contact_id: UUID, by: str, reason: str, at: datetime, *, end_others: bool = False
    ) -> Certificate:
        """See :meth:`crm_adapter.port.Rights.erase`."""
        return self._erase(contact_id, by, reason, at, None, end_others)

    def _erase(
        self, contact_id: UUID, by: str, reason: str, at: datetime, request_id: UUID | None, end_others: bool
    ) -> Certificate:
        state = self._state
        family = state.family(contact_id)
        waiting = [
            OpenRequest(one.id, one.kind, one.state, one.due_at)
            for one in state.requests.values()
            if one.contact_id in family and one.state in OPEN_STATES and one.id != request_id
        ]
        if waiting and not end_others:
            raise OpenRequests(waiting)
        others = self._within_reach(family)
        kept = self._keep_without_words(family)
        done = Erased(tuple(family), (), self._remove(family), kept)
        for one in family:
            state.changed(one, "erased", one)
        number = state.new_id()
        grounds, controller = grounds_of(reason), state.policy.controller
        content = content_of(number, contact_id, at, by, grounds, controller, done, request_id, waiting)
        signature, public_key = sign(_SIGNING_KEY, content), public_half(_SIGNING_KEY)
        state.erasures[number] = Certificate(number, contact_id, at, content, signature, public_key, others)
        self._end(family, [one.id for one in waiting], by, at, grounds, number)
        return state.erasures[number]

    def _end(self, family: list[UUID], ended: list[UUID], by: str, at: datetime, grounds: str, number: UUID) -> None:
        requests = self._state.requests
        for one in [one for one in requests.values() if one.contact_id in family]:
            requests[one.id] = replace(one, words=None, answer=None)
        for request_id in ended:
            one = requests[request_id]
            step = PrivacyEvent(at, by, one.state, "ended_by_erasure", None)
            requests[request_id] = replace(
                one,
                state="ended_by_erasure",
                ended_at=at,
                ended_by=by,
                ended_reason=grounds,
                erasure_id=number,
                version=one.version + 1,
                events=(*one.events, step),
            )

    def _within_reach(self, family: list[UUID]) -> tuple[UUID, ...]:
        state = self._state
        told = {(one.fact.field, one.fact.value) for one in state.facts if one.contact_id in family}
        held = {(one.account, one.external_id) for one in state.accounts.values() if one.home_id in family}
        values = {(field, value) for field, value in told | held if field in FOUND_BY and value}
        having = {
            one.contact_id
            for one in state.facts
            if one.fact.superseded_at is None and (one.fact.field, one.fact.value) in values
        }
        holding = {one.home_id for one in state.accounts.values() if (one.account, one.external_id) in values}
        return tuple(sorted({state.root(one) for one in having | holding} - set(family)))

    async def certificate(self, erasure_id: UUID) -> Certificate:
        """See :meth:`crm_adapter.port.Rights.certificate`."""
        found = self._state.erasures.get(erasure_id)
        if found is None:
            raise UnknownRecord
        living = (one for one in found.shared_reach if one in self._state.people)
        return replace(found, shared_reach=tuple(sorted({self._state.root(one) for one in living})))

    def _keep_without_words(self, family: list[UUID]) -> dict[str, int]:
        state = self._state
        cases = {key: _wordless(one) for key, one in state.cases.items() if one.contact_id in family}
        events = {key: forget(one) for key, one in state.consent_events.items() if one.subject in family}
        orders = sum(one.contact_id in family for one in state.orders.values())
        state.cases.update(cases)
        state.consent_events.update(events)
        asked = sum(one.contact_id in family for one in state.requests.values())
        return {"cases": len(cases), "consents": len(events), "orders": orders, "requests": asked}

    def _remove(self, family: list[UUID]) -> dict[str, int]:
        state = self._state
        accounts = {one.id for one in state.accounts.values() if one.home_id in family}
        facts = [one for one in state.facts if one.contact_id not in family]
        gone = {
            "interactions": _drop(state.interactions, lambda one: one.identity_id in accounts),
            "profile": len(state.facts) - len(facts) + len(family),
            "identities": _drop(state.accounts, lambda one: one.id in accounts)
            + _drop(state.external_keys, lambda one: one in family),
            "merges": _drop(state.suggestions, lambda one: {one.asked.one_id, one.asked.other_id} & {*family})
            + _drop(state.merges, lambda one: {one.source_id, one.target_id} & {*family}),
            "tasks": _drop(state.tasks, lambda one: one.contact_id in family),
            "orders": _drop(state.orders, lambda one: one.contact_id in family),
            "opinions": _drop(state.opinions, lambda one: one.contact_id in family),
            "change_feed": _drop(state.changes, lambda one: one.contact_id in family),
        }
        state.facts = facts
        for place in [one for one in state.tags if one[0] in family]:
            del state.tags[place]
        for one in family:
            del state.people[one]
            state.figures.pop(one, None)
            state.standings.pop(one, None)
        left = {*state.interactions, *state.tasks, *state.cases, *state.consent_events}
        _drop(state.keys, lambda one: one not in left)
        return gone


def _drop(table: dict[Any, Any], goes: Any) -> int:
    """Removes the values that go from the table; how many."""
    places = [place for place, value in table.items() if goes(value)]
    for place in places:
        del table[place]
    return len(places)


def _wordless(case: Case) -> Case:
    events = tuple(replace(event, note=None) for event in case.events)
    return replace(case, matter=None, remedy=None, reach=None, order_ref=None, events=events)


def _plain(value: Any) -> Any:
    """As JSON can hold it."""
    match value:
        case dict():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
    return value

"""Requests about one's own data in memory, step by step as in SQL (PR6, PIPL 44-50)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from crm_adapter.in_memory.rights import InMemoryRights
from crm_adapter.port import Crm, Refused, UnknownRecord, VersionConflict
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
from crm_adapter.rights import effects
from crm_adapter.rights.working_days import WorkingDays


class InMemoryRequests(InMemoryRights):
    """See :class:`crm_adapter.port.Requests`; the rooms of customers and consent stand beside it in the store."""

    async def open_privacy_request(self, new: NewPrivacyRequest) -> PrivacyRequest:
        """See :meth:`crm_adapter.port.Requests.open_privacy_request`."""
        if new.kind not in REQUEST_KINDS:
            raise Refused("unknown_kind")
        state = self._state
        family = state.family(new.contact_id)
        account = None if new.identity_id is None else state.accounts.get(new.identity_id)
        if new.identity_id is not None and (account is None or account.home_id not in family):
            raise Refused("foreign_identity")
        assurance = "anonymous" if account is None else account.assurance
        freely = new.kind in WITHOUT_CHECK
        checked = freely or assurance == "verified"
        method = ("not_needed" if freely else "assurance") if checked else None
        deadline = WorkingDays.read(state.policy.holidays_file).deadline(new.opened_at, state.policy.rights_days)
        made = PrivacyRequest(
            id=state.new_id(),
            contact_id=family[0],
            kind=new.kind,
            state="received",
            assurance=assurance,
            opened_at=new.opened_at,
            opened_by=new.by,
            due_at=deadline.at,
            provisional=deadline.provisional,
            checked_method=method,
            checked_by="system:assurance" if checked else None,
            handled_by=None,
            answered_at=None,
            words=new.words or None,
            answer=None,
            erasure_id=None,
            version=1,
            events=(PrivacyEvent(new.opened_at, new.by, None, "received", method),),
        )
        state.requests[made.id] = made
        return made

    async def privacy_request(self, request_id: UUID) -> PrivacyRequest:
        """See :meth:`crm_adapter.port.Requests.privacy_request`."""
        found = self._state.requests.get(request_id)
        if found is None:
            raise UnknownRecord
        return found

    async def privacy_requests(
        self,
        states: Iterable[RequestState],
        *,
        kinds: Iterable[RequestKind] | None = None,
        skip: int = 0,
        limit: int = 50,
    ) -> Sequence[PrivacyRequest]:
        """See :meth:`crm_adapter.port.Requests.privacy_requests`."""
        wanted, of = set(states), set(REQUEST_KINDS if kinds is None else kinds)
        found = [one for one in self._state.requests.values() if one.state in wanted and one.kind in of]
        found.sort(key=lambda one: (one.due_at, one.id))
        return [replace(one, events=()) for one in found[skip : skip + limit]]

    async def privacy_requests_of(self, contact_id: UUID) -> Sequence[PrivacyRequest]:
        """See :meth:`crm_adapter.port.Requests.privacy_requests_of`."""
        family = self._state.family(contact_id) if contact_id in self._state.people else [contact_id]
        found = [one for one in self._state.requests.values() if one.contact_id in family]
        return [replace(one, events=()) for one in sorted(found, key=lambda one: one.id, reverse=True)]

    async def check_requester(self, request_id: UUID, method: str, by: str, at: datetime) -> PrivacyRequest:
        """See :meth:`crm_adapter.port.Requests.check_requester`."""
        if method not in CHECK_METHODS:
            raise Refused("unknown_method")
        found = await self._in(request_id, ("received", "identity_check"))
        return self._step(found, "identity_check", by, at, method, checked_method=method, checked_by=by)

    async def start_privacy_request(
        self, request_id: UUID, by: str, at: datetime, *, expected_version: int | None = None
    ) -> PrivacyRequest:
        """See :meth:`crm_adapter.port.Requests.start_privacy_request`."""
        found = await self.privacy_request(request_id)
        if expected_version not in (None, found.version):
            raise VersionConflict(found.version)
        await self._in(request_id, ("received", "identity_check"))
        if found.checked_method is None:
            raise Refused("identity_unchecked")
        return self._step(found, "in_progress", by, at, None, handled_by=by)

    async def answer_privacy_request(
        self,
        request_id: UUID,
        words: str,
        by: str,
        at: datetime,
        *,
        fields: Mapping[str, str | None] | None = None,
        end_others: bool = False,
    ) -> PrivacyRequest:
        """See :meth:`crm_adapter.port.Requests.answer_privacy_request`."""
        found = await self._in(request_id, ("in_progress",))
        _needed(words)
        if found.kind in ERASING:
            erasure = self._erase(found.contact_id, by, found.kind, at, found.id, end_others).id
            return self._settle(self._state.requests[found.id], "answered", by, at, None, erasure)
        store = cast(Crm, self)
        match found.kind:
            case "correct":
                await effects.correct(store, found, fields, by, at)
            case "restrict":
                self._restrict(found.contact_id, at)
            case "object":
                locale = self._state.person(found.contact_id).locale
                await effects.object_to_marketing(store, found, self._state.policy.purposes_file, locale, at)
            case _:  # view and export are answered by what is handed out
                pass
        return self._settle(found, "answered", by, at, words, None)

    async def refuse_privacy_request(self, request_id: UUID, words: str, by: str, at: datetime) -> PrivacyRequest:
        """See :meth:`crm_adapter.port.Requests.refuse_privacy_request`."""
        found = await self._in(request_id, OPEN_STATES)
        _needed(words)
        return self._settle(found, "refused", by, at, words, None)

    async def lift_restriction(self, contact_id: UUID) -> None:
        """See :meth:`crm_adapter.port.Requests.lift_restriction`."""
        self._restrict(contact_id, None)

    def _restrict(self, contact_id: UUID, at: datetime | None) -> None:
        for one in self._state.family(contact_id):
            self._state.people[one].restricted_at = at
            self._state.changed(one, "contact", one)

    async def _in(self, request_id: UUID, states: Iterable[RequestState]) -> PrivacyRequest:
        found = await self.privacy_request(request_id)
        if found.state not in states:
            raise Refused("bad_transition")
        return found

    def _settle(
        self, found: PrivacyRequest, to: RequestState, by: str, at: datetime, words: str | None, erasure: UUID | None
    ) -> PrivacyRequest:
        return self._step(found, to, by, at, None, answered_at=at, handled_by=by, answer=words, erasure_id=erasure)

    def _step(
        self, found: PrivacyRequest, to: RequestState, by: str, at: datetime, method: str | None, **values: Any
    ) -> PrivacyRequest:
        step = PrivacyEvent(at, by, found.state, to, method)
        moved = replace(found, state=to, version=found.version + 1, events=(*found.events, step), **values)
        self._state.requests[moved.id] = moved
        return moved


def _needed(words: str) -> None:
    if not words.strip():
        raise Refused("reason_needed")

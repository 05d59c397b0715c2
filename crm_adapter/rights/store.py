"""The SQL store's side of a person's rights: requests, export, erasure (PR5, PR6, PIPL 44-50)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar, cast
from uuid import UUID

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.port import Crm, Refused, UnknownRecord
from crm_adapter.records.customers import Export
from crm_adapter.records.erasure import Certificate
from crm_adapter.records.rights import NewPrivacyRequest, PrivacyRequest, RequestKind, RequestState
from crm_adapter.rights import effects, requests
from crm_adapter.rights.erasing import certificate_of, erase_family
from crm_adapter.rights.erasure_log import Entry, append, entry_of
from crm_adapter.rights.gathering import gather
from crm_adapter.rights.reach import living
from crm_adapter.rights.tables import erasures
from crm_adapter.rights.working_days import WorkingDays
from crm_adapter.session import Session
from crm_adapter.tables import contacts

_Result = TypeVar("_Result")
_TRIES = 3


class SqlRights(Session):
    """:class:`~crm_adapter.port.Rights` and :class:`~crm_adapter.port.Requests` over PostgreSQL.

    Correcting and objecting need the rooms of customers and consent beside this one in the same store.
    """

    async def export(self, contact_id: UUID) -> Export:
        """Everything held about the whole family. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            root, content = await gather(connection, self._keys, contact_id)
        return Export(root, datetime.now(UTC), content)

    async def erase(
        self, contact_id: UUID, by: str, reason: str, at: datetime, *, end_others: bool = False
    ) -> Certificate:
        """Erases the whole family; ``reason`` is a code. Raises :class:`UnknownRecord`, :class:`Refused` ``busy``.

        While requests of theirs wait it raises :class:`~crm_adapter.port.OpenRequests`; with ``end_others`` they end.
        Within a caller's transaction the entry gets into the log's file by ``erasure_log.complete``, after the commit.
        """

        async def erasing(connection: AsyncConnection) -> tuple[Entry, Certificate]:
            controller = self._policy.controller
            entry = await erase_family(
                connection, self._keys, controller, contact_id, by, reason, at, end_others=end_others
            )
            return entry, certificate_of(entry, await living(connection, entry.id))

        entry, certificate = await self._again_when_held(erasing)
        await self._write_log(entry)
        return certificate

    async def certificate(self, erasure_id: UUID) -> Certificate:
        """The certificate of an erasure. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            row = (await connection.execute(select(erasures).where(erasures.c.id == erasure_id))).one_or_none()
            if row is None:
                raise UnknownRecord(str(erasure_id))
            return certificate_of(entry_of(row), await living(connection, erasure_id))

    async def open_privacy_request(self, new: NewPrivacyRequest) -> PrivacyRequest:
        """Writes it down with its deadline in working days. Raises :class:`UnknownRecord`, :class:`Refused`."""
        calendar = await asyncio.to_thread(WorkingDays.read, self._policy.holidays_file)
        deadline = calendar.deadline(new.opened_at, self._policy.rights_days)
        async with self._work() as connection:
            return await requests.open_request(connection, self._keys, new, deadline)

    async def privacy_request(self, request_id: UUID) -> PrivacyRequest:
        """With its history. Raises :class:`UnknownRecord`."""
        async with self._work() as connection:
            return await requests.show_request(connection, self._keys, request_id)

    async def privacy_requests(
        self,
        states: Iterable[RequestState],
        *,
        kinds: Iterable[RequestKind] | None = None,
        skip: int = 0,
        limit: int = 50,
    ) -> Sequence[PrivacyRequest]:
        """By deadline: the overdue first."""
        async with self._work() as connection:
            return await requests.list_requests(connection, self._keys, states, kinds=kinds, skip=skip, limit=limit)

    async def privacy_requests_of(self, contact_id: UUID) -> Sequence[PrivacyRequest]:
        """Of the whole family, newest first."""
        async with self._work() as connection:
            return await requests.requests_of(connection, self._keys, contact_id)

    async def check_requester(self, request_id: UUID, method: str, by: str, at: datetime) -> PrivacyRequest:
        """Documents how staff made sure who asks. Raises :class:`Refused` ``unknown_method``, ``bad_transition``."""
        async with self._work() as connection:
            return await requests.check_identity(connection, self._keys, request_id, method, by, at)

    async def start_privacy_request(
        self, request_id: UUID, by: str, at: datetime, *, expected_version: int | None = None
    ) -> PrivacyRequest:
        """Takes it up. Raises :class:`Refused` ``identity_unchecked``, ``bad_transition``."""
        async with self._work() as connection:
            return await requests.start(connection, self._keys, request_id, by, at, expected_version)

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
        """Does what was asked and answers, in one transaction.

        ``fields`` are what ``correct`` sets. Raises :class:`Refused` ``reason_needed``, ``bad_transition``,
        ``fields_needed``, ``busy``, and what the store raises for a bad field. An erasure while others of theirs wait
        is refused with :class:`~crm_adapter.port.OpenRequests`, unless ``end_others`` is said.
        """
        erased: list[Entry] = []

        async def answering(connection: AsyncConnection) -> PrivacyRequest:
            erased.clear()
            request = await requests.show_request(connection, self._keys, request_id)
            await requests.in_work(connection, request_id)
            if requests.erases(request.kind):
                entry = await erase_family(
                    connection,
                    self._keys,
                    self._policy.controller,
                    request.contact_id,
                    by,
                    request.kind,
                    at,
                    request_id,
                    end_others,
                )
                erased.append(entry)
            else:
                await self._carry_out(connection, request, fields, by, at)
            number = erased[0].id if erased else None
            return await requests.settle(connection, self._keys, request_id, "answered", words, by, at, number)

        answered = await self._again_when_held(answering)
        for entry in erased:
            await self._write_log(entry)
        return answered

    async def refuse_privacy_request(self, request_id: UUID, words: str, by: str, at: datetime) -> PrivacyRequest:
        """Refuses it with the reason in ``words`` (PIPL 50). Raises :class:`Refused` ``reason_needed``, …."""
        async with self._work() as connection:
            return await requests.settle(connection, self._keys, request_id, "refused", words, by, at)

    async def lift_restriction(self, contact_id: UUID) -> None:
        """The family's data may be used again, when the person says so."""
        async with self._work() as connection:
            await effects.restrict(connection, contact_id, None)

    async def _carry_out(
        self,
        connection: AsyncConnection,
        request: PrivacyRequest,
        fields: Mapping[str, str | None] | None,
        by: str,
        at: datetime,
    ) -> None:
        store = cast(Crm, self.within(connection))
        match request.kind:
            case "correct":
                await effects.correct(store, request, fields, by, at)
            case "restrict":
                await effects.restrict(connection, request.contact_id, at)
            case "object":
                query = select(contacts.c.locale).where(contacts.c.id == request.contact_id)
                locale = str(await connection.scalar(query))
                await effects.object_to_marketing(store, request, self._policy.purposes_file, locale, at)
            case _:  # view and export are answered by what is handed out
                pass

    async def _again_when_held(self, work: Callable[[AsyncConnection], Awaitable[_Result]]) -> _Result:
        """In a transaction of its own it tries again when somebody else held the person's rows for too long."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                async with self._work() as connection:
                    return await work(connection)
            except DBAPIError as error:
                if not isinstance(error.orig, DeadlockDetected | LockNotAvailable) or self._connection is not None:
                    raise
                if not left:
                    raise Refused("busy") from None
        raise AssertionError("a try either returns or raises")

    async def _write_log(self, entry: Entry) -> None:
        path = self._policy.erasures_file
        if path is not None and self._connection is None:
            await asyncio.to_thread(append, path, [entry])

"""The gate through which customer data leaves: register, checks, log and approved uses together."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_adapter.encryption import Keys
from crm_adapter.sharing.access import NewAccess, append_access
from crm_adapter.sharing.exports import PAGE, Source, UseResult, audience, make_csv
from crm_adapter.sharing.third_parties import HOUSE
from crm_adapter.sharing.transfers import (
    Allowed,
    Denied,
    Handover,
    TransferRefused,
    bars_of,
    check,
    check_all,
    check_terms,
    house_answer,
    log_transfers,
    were_refused,
)
from crm_adapter.sharing.uses import begin_use, find_use


class SqlSharing:
    """Works in transactions of its own, never in the caller's: what it has logged stays logged, whatever follows.

    ``source`` is the store whose customers' data it is.
    """

    def __init__(self, engine: AsyncEngine, keys: Keys, source: Source) -> None:
        self._engine = engine
        self._keys = keys
        self._source = source

    async def check_transfer(
        self, recipient: str, purpose: str, fields: Iterable[str], contact_id: UUID
    ) -> Allowed | Denied:
        """Whether it may go; logs nothing."""
        async with self._engine.connect() as connection:
            return await check(connection, self._source, recipient, purpose, fields, contact_id)

    @asynccontextmanager
    async def transfer(
        self, recipient: str, purpose: str, fields: Iterable[str], contact_id: UUID, by: str, trace_id: str = ""
    ) -> AsyncIterator[Allowed]:
        """Around the sending itself: its row is committed before the block runs, so nothing leaves unlogged.

        A block that fails leaves its row: data may have gone. Raises :class:`TransferRefused`, logged as well.
        """
        wanted = tuple(dict.fromkeys(fields))
        handover = Handover(recipient, purpose, wanted, contact_id, by, trace_id)
        async with self._engine.begin() as connection:
            answer = await check(connection, self._source, recipient, purpose, wanted, contact_id)
            await log_transfers(connection, [(handover, answer)])
        if isinstance(answer, Denied):
            raise TransferRefused(answer.code)
        yield answer

    async def check_many(
        self, recipient: str, purpose: str, fields: Iterable[str], contact_ids: Sequence[UUID]
    ) -> dict[UUID, Allowed | Denied]:
        """Whether it may go, customer by customer; logs nothing."""
        async with self._engine.connect() as connection:
            return await check_all(connection, self._source, recipient, purpose, fields, contact_ids)

    async def check_terms(self, recipient: str, purpose: str, fields: Iterable[str]) -> Allowed | Denied:
        """What the register says, whoever the customer is."""
        async with self._engine.connect() as connection:
            return await check_terms(connection, recipient, purpose, fields)

    async def hand_over(
        self, recipient: str, purpose: str, fields: Iterable[str], contact_ids: Sequence[UUID], by: str
    ) -> frozenset[UUID]:
        """Checks and logs many at once; for whom it may be sent now that this returned.

        What is asked for again and again, and refused for the same reason, is logged as refused once.
        """
        wanted = tuple(dict.fromkeys(fields))
        async with self._engine.begin() as connection:
            decided = await check_all(connection, self._source, recipient, purpose, wanted, contact_ids)
            known = await were_refused(connection, recipient, purpose, by, contact_ids)
            await log_transfers(
                connection,
                [
                    (Handover(recipient, purpose, wanted, contact_id, by), answer)
                    for contact_id, answer in decided.items()
                    if isinstance(answer, Allowed) or (contact_id, answer.code) not in known
                ],
            )
        return frozenset(contact_id for contact_id, answer in decided.items() if isinstance(answer, Allowed))

    async def carry_out(self, use_id: UUID, by: str, trace_id: str = "") -> UseResult:
        """The rows of an approved use; who may not be in it is left out and logged as refused.

        Raises :class:`~crm_adapter.port.UnknownRecord` and :class:`~crm_adapter.port.Refused` ``not_approved``,
        ``use_expired``.
        """
        async with self._engine.connect() as connection:
            use = await find_use(connection, self._keys, use_id)
        # Whether it is approved is asked again under the lock, where it also counts; nothing was read until then.
        everybody = await audience(self._source, use) if use.decision == "approved" else []
        asked, going = use.asked, list[UUID]()
        async with self._engine.begin() as connection:
            await begin_use(connection, use_id)
            decided: list[tuple[Handover, Allowed | Denied]] = []
            for start in range(0, len(everybody), PAGE):
                page = everybody[start : start + PAGE]
                bars = {} if asked.recipient else await bars_of(connection, page)
                for contact_id in page:
                    if asked.recipient is None:
                        answer = house_answer(bars.get(contact_id, "unknown_contact"), asked.fields)
                    else:
                        answer = await check(
                            connection, self._source, asked.recipient, asked.purpose, asked.fields, contact_id
                        )
                    recipient = asked.recipient or HOUSE
                    handover = Handover(recipient, asked.purpose, asked.fields, contact_id, by, trace_id, use_id)
                    decided.append((handover, answer))
                    if isinstance(answer, Allowed):
                        going.append(contact_id)
            await log_transfers(connection, decided)
            for start in range(0, max(len(going), 1), PAGE):
                shown = going[start : start + PAGE]
                read = NewAccess(by, f"use {use_id}", asked.kind, shown, asked.purpose, asked.what_for, trace_id)
                await append_access(connection, self._keys, read)
        return await make_csv(self._source, self._keys, use, going, len(everybody) - len(going))

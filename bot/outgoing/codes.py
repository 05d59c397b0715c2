"""Confirmation codes: whoever reads the code at a phone number or mail address has it (PR5, CP2)."""

import hmac
import secrets
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Literal, Self
from uuid import UUID

from sqlalchemy import Interval, Row, func, insert, select, text, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from bot.outgoing.faults import CodeFault
from bot.outgoing.gateway import Message, Outgoing
from bot.outgoing.tables import confirmation_codes
from bot.outgoing.texts import write
from bot.settings import Locale
from crm_adapter.customers.fields import normalise
from crm_adapter.encryption import seal_json, unseal_json
from crm_adapter.encryption.vault import load_key
from crm_adapter.port import BadField, Customers, UnknownRecord
from crm_adapter.records.customers import Provenance
from crm_adapter.tables import contacts

Field = Literal["phone", "email"]
CustomersIn = Callable[[AsyncConnection], Customers]
"""The customer store working inside a transaction: ``store.within``; for a store outside, the store whatever comes."""

DIGITS = 6
_DAY = timedelta(days=1)
_PLACE = "confirmation_codes.target"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class Requested:
    """A code is on its way to ``message_id``'s recipient; ``sent`` is false where no provider is configured."""

    code_id: UUID
    message_id: UUID
    expires_at: datetime
    sent: bool


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The contact has this phone (E.164) or e-mail address; it is linked as verified."""

    field: Field
    value: str


class Codes:
    """Asks for codes and takes them; every call is a transaction of its own, unless it works ``within`` the caller's.

    Faults are returned, never raised: so a caller's transaction that goes on keeps the try that was counted.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        outgoing: Outgoing,
        customers_in: CustomersIn,
        connection: AsyncConnection | None = None,
    ) -> None:
        self._engine = engine
        self._outgoing = outgoing
        self._customers_in = customers_in
        self._limits = outgoing.settings.codes
        self._connection = connection

    def within(self, connection: AsyncConnection) -> Self:
        """The same, as a part of the caller's transaction: limits and tries hold from its commit on.

        Until then the locks on contact, target and code are kept, so that of parallel requests and guesses none is
        left uncounted.
        """
        return type(self)(self._engine, self._outgoing, self._customers_in, connection)

    @property
    def minutes(self) -> float:
        """How long a code is good."""
        return self._limits.minutes

    async def request_code(
        self, contact_id: UUID, field: Field, value: str, locale: Locale, provenance: Provenance
    ) -> Requested | CodeFault:
        """Sends a code to ``value``; the one before for this contact and field is void.

        Faults: ``bad_target``, ``rate_limited`` (per contact and per target). Raises
        :class:`~crm_adapter.port.UnknownRecord`.
        """
        target = _target(field, value)
        if target is None:
            return CodeFault("bad_target")
        keys = self._outgoing.keys
        blind = keys.blind(field, target)
        async with self._work() as connection:
            # Both limits count under locks, taken in one order: of parallel requests none slips through.
            for name in sorted((f"code {contact_id}", f"code {blind.hex()}")):
                await connection.execute(_LOCK, {"name": name})
            if wait := await self._wait(connection, contact_id, blind):
                return CodeFault("rate_limited", {"minutes": wait})
            query = select(contacts.c.key_id).where(contacts.c.id == contact_id)
            key_id = (await connection.execute(query.with_for_update(read=True, key_share=True))).scalar_one_or_none()
            if key_id is None:
                raise UnknownRecord(str(contact_id))
            key = await load_key(connection, keys, key_id)
            code_id, code = uuid7(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            expires_at = datetime.now(UTC) + timedelta(minutes=self._limits.minutes)
            table = confirmation_codes
            mine = (table.c.contact_id == contact_id) & (table.c.field == field) & (table.c.state == "open")
            await connection.execute(update(table).where(mine).values(state="void"))
            await connection.execute(
                insert(table).values(
                    id=code_id,
                    contact_id=contact_id,
                    field=field,
                    key_id=key.id,
                    target_blind=blind,
                    sealed_target=seal_json(key, _PLACE, code_id, target),
                    code_hash=self._hash(code_id, code),
                    source=provenance.source,
                    set_by=provenance.set_by,
                    expires_at=expires_at,
                )
            )
            kind: Literal["mail", "sms"] = "mail" if field == "email" else "sms"
            values = {"code": code, "minutes": f"{self._limits.minutes:g}", "sender": self._outgoing.sender(locale)}
            written = write("confirmation", kind, locale, **values)
            message = Message(kind, "confirmation", target, written, contact_id, code, expires_at)
            message_id = await self._outgoing.enqueue(connection, message)
        return Requested(code_id, message_id, expires_at, self._outgoing.can_send(kind))

    async def confirm_code(
        self, contact_id: UUID, field: Field, code: str, *, value: str | None = None
    ) -> Confirmed | CodeFault:
        """Takes the code that was asked for last; a right one links the phone or mail address as verified.

        ``value`` says for what it has to be; without it, for whatever it was sent to. Faults: ``wrong`` (with ``left``
        tries), ``expired`` (also when none was asked for), ``too_many_tries``, ``bad_target``. A try counts whatever
        comes after it, however many come at once.
        """
        async with self._work() as connection:
            taken = await self._take(connection, contact_id, field, code, value)
            if isinstance(taken, CodeFault):
                return taken
            confirmed, row = taken
            provenance = Provenance(row.source, row.set_by, datetime.now(UTC), "verified")
            customers = self._customers_in(connection)
            await customers.link_identity(contact_id, field, field, confirmed.value, "verified", provenance)
        return confirmed

    async def prove_code(self, contact_id: UUID, field: Field, code: str, value: str) -> Confirmed | CodeFault:
        """As :meth:`confirm_code`, but links nothing: who reads at ``value`` need not be the contact (a guardian)."""
        async with self._work() as connection:
            taken = await self._take(connection, contact_id, field, code, value)
        return taken if isinstance(taken, CodeFault) else taken[0]

    async def _take(
        self, connection: AsyncConnection, contact_id: UUID, field: Field, code: str, value: str | None
    ) -> tuple[Confirmed, Row[Any]] | CodeFault:
        target = None if value is None else _target(field, value)
        if value is not None and target is None:
            return CodeFault("bad_target")
        row = await self._open_code(connection, contact_id, field)
        asked = None if target is None else self._outgoing.keys.blind(field, target)
        if row is None or asked not in (None, bytes(row.target_blind)):
            return CodeFault("expired")
        if row.tries >= self._limits.tries:
            return CodeFault("too_many_tries")
        tried = confirmation_codes.c.id == row.id
        # As it is typed: in groups, or with a Chinese keyboard's wide digits.
        digits = "".join(one for one in unicodedata.normalize("NFKC", code) if one.isdigit())
        if not hmac.compare_digest(self._hash(row.id, digits), bytes(row.code_hash)):
            await connection.execute(update(confirmation_codes).where(tried).values(tries=row.tries + 1))
            left = self._limits.tries - row.tries - 1
            return CodeFault("wrong", {"left": left}) if left else CodeFault("too_many_tries")
        key = await load_key(connection, self._outgoing.keys, row.key_id)
        value = str(unseal_json(key, _PLACE, row.id, row.sealed_target))
        await connection.execute(update(confirmation_codes).where(tried).values(state="confirmed", tries=row.tries + 1))
        return Confirmed(field, value), row

    @asynccontextmanager
    async def _work(self) -> AsyncIterator[AsyncConnection]:
        if self._connection is not None:
            yield self._connection
        else:
            async with self._engine.begin() as connection:
                yield connection

    async def _open_code(self, connection: AsyncConnection, contact_id: UUID, field: Field) -> Row[Any] | None:
        table = confirmation_codes
        query = (
            select(table)
            .where(table.c.contact_id == contact_id, table.c.field == field, table.c.state == "open")
            .where(table.c.expires_at > func.now())
            .order_by(table.c.id.desc())
            .limit(1)
            .with_for_update()
        )
        return (await connection.execute(query)).one_or_none()

    async def _wait(self, connection: AsyncConnection, contact_id: UUID, blind: bytes) -> int:
        """In whole minutes until the next code may be asked for; 0 is now."""
        table, limits = confirmation_codes, self._limits
        windows = ((timedelta(minutes=limits.window_minutes), limits.per_window), (_DAY, limits.per_day))
        waits = [0]
        for whose in (table.c.contact_id == contact_id, table.c.target_blind == blind):
            for window, most in windows:
                age = type_coerce(func.now() - table.c.created_at, Interval)
                query = select(age).where(whose, age < window).order_by(table.c.created_at.desc()).offset(most - 1)
                oldest = (await connection.execute(query.limit(1))).scalar_one_or_none()
                if oldest is not None:
                    waits.append(max(1, ceil((window - oldest).total_seconds() / 60)))
        return max(waits)

    def _hash(self, code_id: UUID, code: str) -> bytes:
        return self._outgoing.keys.blind("code", str(code_id), code)


def _target(field: Field, value: str) -> str | None:
    try:
        return normalise(field, value)
    except BadField:
        return None

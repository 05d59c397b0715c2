"""Signing in by password or by one-time link, and changing one's password."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.staff.accounts import COLUMNS, end_access, find_staff, lock_active
from bot.staff.attempts import begin_attempt, forgive, strike_out
from bot.staff.errors import LinkInvalid, SignInFailed, StaffInactive, WrongPassword
from bot.staff.links import owner_of_link, use_link
from bot.staff.names import fold
from bot.staff.passwords import Passwords, check_strength
from bot.staff.rules import StaffRules
from bot.staff.sessions import Session, end_session_of, open_session
from bot.staff.tables import staff


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a sign-in comes from; ``token`` is the session that the browser already has."""

    address: str
    user_agent: str = ""
    token: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: Session
    token: str


class SignIn:
    """The door: everything that turns a secret into a session."""

    def __init__(self, engine: AsyncEngine, rules: StaffRules, passwords: Passwords) -> None:
        self._engine = engine
        self._rules = rules
        self._passwords = passwords

    async def by_password(self, name: str, password: str, caller: Caller) -> SignedIn:
        """Raises ``SignInFailed`` (whatever was wrong), ``LockedOut`` or ``SignInBusy``."""
        async with self._engine.connect() as connection:
            query = select(*COLUMNS, staff.c.password_hash).where(staff.c.name == fold(name), staff.c.active)
            row = (await connection.execute(query)).one_or_none()
        stored = row.password_hash if row else None
        if not await self._judge(stored, name, password, caller.address) or row is None or stored is None:
            raise SignInFailed
        fresh = await self._passwords.hash(password) if self._passwords.is_outdated(stored) else stored
        async with self._engine.begin() as connection:
            await forgive(connection, name)
            # The hash is compared again: a password changed or an account switched off meanwhile wins.
            signed = (
                update(staff)
                .where(staff.c.id == row.id, staff.c.active, staff.c.password_hash == stored)
                .values(password_hash=fresh, last_sign_in_at=func.now())
            )
            if (await connection.execute(signed)).rowcount != 1:
                raise SignInFailed
            return await self._open(connection, row.id, caller)

    async def by_link(self, token: str, password: str, caller: Caller) -> SignedIn:
        """Set the password and sign in. Raises ``LinkInvalid``, or ``WeakPassword``, which leaves the link usable.

        Sessions that the account still had are ended: who lost a password does not know who holds them.
        """
        async with self._engine.connect() as connection:
            owner = await owner_of_link(connection, token)
        check_strength(password, owner.name, owner.display_name)
        async with self._passwords.slot():
            hashed = await self._passwords.hash(password)
        async with self._engine.begin() as connection:
            try:
                # The account first and then its link, the order in which switching it off takes them.
                staff_id = (await lock_active(connection, owner.id)).id
            except StaffInactive:
                raise LinkInvalid from None
            await use_link(connection, token)
            await end_access(connection, staff_id)
            await forgive(connection, owner.name)
            await connection.execute(
                update(staff).where(staff.c.id == staff_id).values(password_hash=hashed, last_sign_in_at=func.now())
            )
            return await self._open(connection, staff_id, caller)

    async def change_password(self, session: Session, current: str, new: str, address: str) -> None:
        """End the account's other sessions with the old password.

        Raises ``WrongPassword``, ``WeakPassword`` or ``LockedOut``: an unattended screen is no place to guess at.
        """
        owner = session.staff
        async with self._engine.connect() as connection:
            query = select(staff.c.password_hash).where(staff.c.id == owner.id)
            stored = (await connection.execute(query)).scalar_one()
        if not await self._judge(stored, owner.name, current, address):
            raise WrongPassword
        check_strength(new, owner.name, owner.display_name)
        async with self._passwords.slot():
            hashed = await self._passwords.hash(new)
        async with self._engine.begin() as connection:
            await forgive(connection, owner.name)
            changed = update(staff).where(staff.c.id == owner.id, staff.c.password_hash == stored)
            if (await connection.execute(changed.values(password_hash=hashed))).rowcount != 1:
                raise WrongPassword
            await end_access(connection, owner.id, but=session.id)

    async def _judge(self, stored: str | None, name: str, password: str, address: str) -> bool:
        async with self._passwords.slot():
            attempt = await begin_attempt(self._engine, self._rules, name, address)
            try:
                right = await self._passwords.matches(stored, password)
            except Exception:
                await strike_out(self._engine, attempt)
                raise
            if right:
                await strike_out(self._engine, attempt)
            return right

    async def _open(self, connection: AsyncConnection, staff_id: UUID, caller: Caller) -> SignedIn:
        if caller.token:
            await end_session_of(connection, caller.token)
        session_id, token = await open_session(connection, self._rules, staff_id, caller.user_agent)
        return SignedIn(Session(session_id, await find_staff(connection, staff_id)), token)

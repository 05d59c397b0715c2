"""Staff accounts: making, changing and listing them. Every function works on the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.staff.errors import LastAdministrator, NameTaken, OwnRoles, StaffInactive, UnknownRole, UnknownStaff
from bot.staff.names import fold, new_name
from bot.staff.roles import ADMINISTRATOR, ROLES, Permission, permissions_of
from bot.staff.tables import staff, staff_links, staff_sessions


@dataclass(frozen=True, slots=True)
class Staff:
    """One account. ``locale`` is ``None`` until its owner chose a language; ``pending`` until a password is set."""

    id: UUID
    name: str
    display_name: str
    roles: tuple[str, ...]
    active: bool
    locale: str | None
    created_at: datetime
    last_sign_in_at: datetime | None
    pending: bool

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.roles)


COLUMNS = (
    staff.c.id,
    staff.c.name,
    staff.c.display_name,
    staff.c.roles,
    staff.c.active,
    staff.c.locale,
    staff.c.created_at,
    staff.c.last_sign_in_at,
    staff.c.password_hash.is_(None).label("pending"),
)


def account(row: Row[tuple[object, ...]]) -> Staff:
    """The account in a row that has at least ``COLUMNS``."""
    values = row._mapping
    return Staff(
        values["id"],
        values["name"],
        values["display_name"],
        tuple(values["roles"]),
        values["active"],
        values["locale"],
        values["created_at"],
        values["last_sign_in_at"],
        values["pending"],
    )


async def add_staff(connection: AsyncConnection, name: str, display_name: str, roles: Sequence[str]) -> Staff:
    """A new account without a password. Raises ``BadName``, ``NameTaken`` or ``UnknownRole``."""
    values = {
        "id": uuid7(),
        "name": new_name(name),
        "display_name": display_name,
        "roles": known_roles(roles),
    }
    statement = insert(staff).values(values).on_conflict_do_nothing(index_elements=[staff.c.name])
    row = (await connection.execute(statement.returning(*COLUMNS))).one_or_none()
    if row is None:
        raise NameTaken
    return account(row)


def known_roles(roles: Sequence[str]) -> list[str]:
    """The roles sorted, each once. Raises ``UnknownRole``."""
    if not set(roles) <= set(ROLES):
        raise UnknownRole
    return sorted(set(roles))


async def find_staff(connection: AsyncConnection, staff_id: UUID) -> Staff:
    """Raises ``UnknownStaff``."""
    return await _one(connection, select(*COLUMNS).where(staff.c.id == staff_id))


async def find_named(connection: AsyncConnection, name: str) -> Staff:
    """Raises ``UnknownStaff``."""
    return await _one(connection, select(*COLUMNS).where(staff.c.name == fold(name)))


async def _one(connection: AsyncConnection, query: Select[tuple[object, ...]]) -> Staff:
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownStaff
    return account(row)


async def list_staff(connection: AsyncConnection, *, after: str | None = None, limit: int = 50) -> list[Staff]:
    """Accounts by name, those behind ``after`` in that order."""
    query = select(*COLUMNS).order_by(staff.c.name).limit(limit)
    if after is not None:
        query = query.where(staff.c.name > after)
    return [account(row) for row in await connection.execute(query)]


async def change_staff(
    connection: AsyncConnection,
    staff_id: UUID,
    *,
    by: UUID | None = None,
    display_name: str | None = None,
    roles: Sequence[str] | None = None,
    active: bool | None = None,
) -> Staff:
    """Change what is given and leave the rest; switching an account off ends its sessions and links.

    Raises ``UnknownStaff``, ``UnknownRole``, ``OwnRoles`` (``by`` would gain a role) or ``LastAdministrator`` (no
    active administrator with a password would be left; also under changes at the same time, since they queue for
    the administrators' rows).
    """
    administrators = await _lock_administrators(connection)
    before = await find_staff(connection, staff_id)
    wanted = list(before.roles) if roles is None else known_roles(roles)
    stays_active = before.active if active is None else active
    if by == staff_id and not set(wanted) <= set(before.roles):
        raise OwnRoles
    loses = staff_id in administrators and (ADMINISTRATOR not in wanted or not stays_active)
    if loses and administrators == {staff_id}:
        raise LastAdministrator
    statement = (
        update(staff)
        .where(staff.c.id == staff_id)
        .values(
            roles=wanted,
            active=stays_active,
            display_name=before.display_name if display_name is None else display_name,
        )
        .returning(*COLUMNS)
    )
    after = account((await connection.execute(statement)).one())
    if not after.active:
        await end_access(connection, staff_id)
    return after


async def _lock_administrators(connection: AsyncConnection) -> set[UUID]:
    query = (
        select(staff.c.id)
        .where(staff.c.active, staff.c.password_hash.is_not(None), literal(ADMINISTRATOR) == any_(staff.c.roles))
        .order_by(staff.c.id)
        .with_for_update()
    )
    return set((await connection.execute(query)).scalars())


async def end_access(connection: AsyncConnection, staff_id: UUID, *, but: UUID | None = None) -> None:
    """End every session of an account, except ``but``, and void its unused links."""
    live = (staff_sessions.c.staff_id == staff_id) & staff_sessions.c.revoked_at.is_(None)
    if but is not None:
        live &= staff_sessions.c.id != but
    await connection.execute(update(staff_sessions).where(live).values(revoked_at=func.now()))
    unused = (staff_links.c.staff_id == staff_id) & staff_links.c.used_at.is_(None)
    await connection.execute(staff_links.delete().where(unused))


async def lock_active(connection: AsyncConnection, staff_id: UUID) -> Staff:
    """The account with its row locked until the transaction ends. Raises ``UnknownStaff`` or ``StaffInactive``."""
    found = await _one(connection, select(*COLUMNS).where(staff.c.id == staff_id).with_for_update())
    if not found.active:
        raise StaffInactive
    return found


async def change_own(
    connection: AsyncConnection, staff_id: UUID, *, display_name: str | None = None, locale: str | None = None
) -> Staff:
    """What everybody may change about themselves; ``None`` leaves it as it is."""
    before = await find_staff(connection, staff_id)
    statement = (
        update(staff)
        .where(staff.c.id == staff_id)
        .values(
            display_name=before.display_name if display_name is None else display_name,
            locale=before.locale if locale is None else locale,
        )
        .returning(*COLUMNS)
    )
    return account((await connection.execute(statement)).one())

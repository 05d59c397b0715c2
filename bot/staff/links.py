"""One-time links: how an account gets its first password, or a new one when the old is lost."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.staff.accounts import COLUMNS, Staff, account, lock_active
from bot.staff.errors import LinkInvalid
from bot.staff.rules import StaffRules
from bot.staff.tables import staff, staff_links
from bot.staff.tokens import digest, new_token


async def issue_link(connection: AsyncConnection, rules: StaffRules, staff_id: UUID) -> str:
    """A fresh token for the account; an older unused one is void. Raises ``UnknownStaff`` or ``StaffInactive``."""
    owner = await lock_active(connection, staff_id)
    lasts = rules.first_link if owner.pending else rules.reset_link
    await connection.execute(
        staff_links.delete().where(staff_links.c.staff_id == staff_id, staff_links.c.used_at.is_(None))
    )
    token = new_token()
    await connection.execute(
        staff_links.insert().values(
            id=uuid7(), staff_id=staff_id, token_hash=digest(token), expires_at=func.now() + lasts
        )
    )
    return token


def link_url(base_url: str, token: str) -> str:
    """The page that takes the token. It stands behind ``#``, where no server and no log sees it."""
    return f"{base_url.rstrip('/')}/console/#/welcome?token={token}"


async def owner_of_link(connection: AsyncConnection, token: str) -> Staff:
    """Whose link this is, without using it up. Raises ``LinkInvalid``."""
    query = (
        select(*COLUMNS).join(staff_links, staff_links.c.staff_id == staff.c.id).where(_usable(token), staff.c.active)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise LinkInvalid
    return account(row)


async def use_link(connection: AsyncConnection, token: str) -> None:
    """Use the link up; of two at the same time one gets ``LinkInvalid``."""
    used = update(staff_links).where(_usable(token)).values(used_at=func.now())
    if (await connection.execute(used)).rowcount != 1:
        raise LinkInvalid


def _usable(token: str) -> ColumnElement[bool]:
    return (
        (staff_links.c.token_hash == digest(token))
        & staff_links.c.used_at.is_(None)
        & (staff_links.c.expires_at > func.now())
    )

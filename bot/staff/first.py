"""The first administrator: how a fresh installation lets its owner in without a default password."""

from sqlalchemy import any_, exists, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from bot.staff.links import issue_link, link_url
from bot.staff.roles import ADMINISTRATOR
from bot.staff.rules import DEFAULT_RULES, StaffRules
from bot.staff.tables import staff

FIRST_NAME = "admin"
# Customers too, so that a newcomer sees at once what the system is for.
FIRST_ROLES = [ADMINISTRATOR, "crm_manager"]
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('yingda first administrator'))")


async def ensure_first_administrator(
    engine: AsyncEngine, base_url: str, rules: StaffRules = DEFAULT_RULES
) -> str | None:
    """A fresh one-time link for the account ``admin``, made when absent; ``None`` once an administrator came in.

    The older unused link is void from then on, so a link in a scrolled-away log opens nothing.
    """
    async with engine.begin() as connection:
        await connection.execute(_LOCK)
        came_in = select(
            exists().where(
                staff.c.active,
                staff.c.last_sign_in_at.is_not(None),
                literal(ADMINISTRATOR) == any_(staff.c.roles),
            )
        )
        if (await connection.execute(came_in)).scalar_one():
            return None
        values = {"name": FIRST_NAME, "display_name": "Administrator", "roles": FIRST_ROLES, "active": True}
        made = (
            insert(staff)
            .values(id=uuid7(), **values)
            .on_conflict_do_update(index_elements=[staff.c.name], set_={"roles": FIRST_ROLES, "active": True})
            .returning(staff.c.id)
        )
        staff_id = (await connection.execute(made)).scalar_one()
        return link_url(base_url, await issue_link(connection, rules, staff_id))

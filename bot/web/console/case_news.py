"""What staff does with a case is told to the customer, once, where they opened it (CO2, CO4)."""

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import conversations
from bot.turns.events import defer_event
from crm_adapter.encryption import KeyGone, Keys
from crm_adapter.records.service import Case
from crm_adapter.tables import identities

log = structlog.get_logger(__name__)


async def tell_change(connection: AsyncConnection, keys: Keys, case: Case) -> None:
    """Has the case's last step told once the transaction is committed: on the channel it was opened on, or where the
    customer was heard last. What is only for staff, and a new owner, is told to nobody.
    """
    last = case.events[-1]
    if last.from_state == last.to_state and not last.told:
        return
    identity = (
        select(identities.c.id)
        .join(conversations, conversations.c.identity_id == identities.c.id)
        .where(conversations.c.id == case.conversation_id)
    )
    identity_id = (await connection.execute(identity)).scalar_one_or_none() if case.conversation_id else None
    whom = {"identity_id": identity_id} if identity_id is not None else {"contact_id": case.contact_id}
    values = {"case_id": str(case.id), "case_version": case.version}
    try:
        await defer_event(connection, keys, "case_changed", values, f"case:{case.id}:{case.version}", **whom)
    except KeyGone:
        log.info("case.nobody_to_tell", case=str(case.id))

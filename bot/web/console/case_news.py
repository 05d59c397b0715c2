"""What staff does with a case is told to the customer, once, where they opened it (CO2, CO4)."""

from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.handlers.case_words import kind_name, state_name
from bot.storage.tables import conversations
from bot.turns.events import LATEST, defer_event
from bot.web.keys import NoticeService
from crm_adapter.encryption import KeyGone, Keys
from crm_adapter.records.service import Case
from crm_adapter.tables import identities

log = structlog.get_logger(__name__)

_LATEST = text(LATEST.format(contact=":contact"))


async def tell_change(
    connection: AsyncConnection, keys: Keys, case: Case, notices: NoticeService | None = None
) -> None:
    """Has the case's last step told once the transaction is committed: on the channel it was opened on, or where the
    customer was heard last. What is only for staff, and a new owner, is told to nobody. Where no message can be sent at
    that time, one of the ``notices`` says that there is news.
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
        return
    if notices is not None:
        await _notify(connection, notices, case, identity_id)


async def _notify(connection: AsyncConnection, notices: NoticeService, case: Case, identity_id: UUID | None) -> None:
    whom = identity_id or (await connection.execute(_LATEST, {"contact": case.contact_id})).scalar()
    if whom is None:
        return

    def words(locale: str) -> dict[str, str]:
        return {
            "case_number": case.number,
            "case_kind": kind_name(case.kind, locale),
            "case_state": state_name(case.state, locale),
        }

    await notices.send_notice(connection, whom, "case_changed", words, f"case:{case.id}:{case.version}", if_closed=True)

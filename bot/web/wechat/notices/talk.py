"""What was allowed and what was told by notices stands with the customer's other contacts (CH2), and is exported so.

Like other behaviour (CH3): ``outcome_ref`` names the deed, the sealed content is the template or the notice's words.
"""

import json
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.domain.decision import BEHAVIOUR
from crm_adapter.encryption import seal
from crm_adapter.identify import Known

Deed = Literal["notice_allowed", "notice_allowed_again", "notice_refused", "notice_revoked", "notice_sent"]
PLACE = "interactions.content"
_APPEND = text("SELECT crm.append_interactions(:identity, NULL, 'wechat', :account, '', CAST(:items AS jsonb))")


async def append_talk(
    connection: AsyncConnection,
    who: Known,
    account: str,
    deed: Deed,
    at: datetime,
    content: str,
    key: str | None = None,
) -> None:
    """One contact, once per ``key``, sealed."""
    number = uuid7()
    sealed = seal(who.key, PLACE, number, content.encode())
    item = {
        "id": str(number),
        "direction": "out" if deed == "notice_sent" else "in",
        "at": at.isoformat(),
        "outcome_kind": BEHAVIOUR,
        "outcome_ref": deed,
        "sealed_content": "\\x" + sealed.hex(),
        "key": key or f"notice:{number}",
    }
    values = {"identity": who.identity_id, "account": account, "items": json.dumps([item])}
    await connection.execute(_APPEND, values)

"""What was allowed and what was told by notices stands with the customer's other contacts (CH2), and is exported so."""

import json
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import seal
from crm_adapter.identify import Known

PLACE = "interactions.content"
_APPEND = text("SELECT crm.append_interactions(:identity, NULL, 'wechat', :account, '', CAST(:items AS jsonb))")


async def append_talk(
    connection: AsyncConnection,
    who: Known,
    account: str,
    direction: Literal["in", "out"],
    at: datetime,
    content: str,
    key: str | None = None,
) -> None:
    """One contact, once per ``key``, sealed."""
    number = uuid7()
    sealed = seal(who.key, PLACE, number, content.encode())
    item = {
        "id": str(number),
        "direction": direction,
        "at": at.isoformat(),
        "sealed_content": "\\x" + sealed.hex(),
        "key": key or f"notice:{number}",
    }
    values = {"identity": who.identity_id, "account": account, "items": json.dumps([item])}
    await connection.execute(_APPEND, values)

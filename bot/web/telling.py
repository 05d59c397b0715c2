"""What people at the desk have done is told to the dialog as an event."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.desk.steps import Defer
from bot.turns.events import defer_event
from crm_adapter.encryption import Keys


def telling(keys: Keys) -> Defer:
    """For :class:`~bot.desk.steps.Desk`: the event is told once the transaction it is given is committed."""

    async def tell(
        connection: AsyncConnection, event: str, values: Mapping[str, Any], key: str, identity_id: UUID
    ) -> None:
        await defer_event(connection, keys, event, values, key, identity_id=identity_id)

    return tell

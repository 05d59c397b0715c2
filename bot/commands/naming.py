"""How a command line names a contact."""

import sys
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_adapter.encryption import Keys
from crm_adapter.port import UnknownRecord
from crm_adapter.reading import list_contacts


async def named_contact(engine: AsyncEngine, keys: Keys, wanted: str) -> UUID:
    """The id that is meant; whether it is anybody's is not looked up.

    Raises :class:`UnknownRecord` for what is no id, and for ``last`` before anybody has come.
    """
    if wanted == "last":
        async with engine.connect() as connection:
            newest = await list_contacts(connection, keys, limit=1)
        if newest:
            return newest[0].id
    try:
        return UUID(wanted)
    except ValueError:
        raise UnknownRecord(f"there is no contact {wanted}") from None


def refuse_unknown(unknown: UnknownRecord) -> int:
    """Says on standard error who is not there; 1."""
    print(f"{str(unknown)[:1].upper()}{str(unknown)[1:]}.", file=sys.stderr)
    return 1

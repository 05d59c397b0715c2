"""Who sits at the machine, for the access log: commands read customer data without a sign-in of ours."""

import getpass
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_adapter.encryption import Keys
from crm_adapter.sharing.access import NewAccess, append_access


def reader() -> str:
    """The operating system's user, as the access log names them; ``unknown`` where the system has no name."""
    try:
        return f"command_reader:{getpass.getuser()}"
    except (KeyError, OSError):  # a number without a name, as containers may have
        return "command_reader:unknown"


async def log_read(
    engine: AsyncEngine,
    keys: Keys,
    command: str,
    data_kind: str,
    contact_ids: Iterable[UUID],
    unmask_reason: str | None = None,
) -> None:
    """Writes the read into the access log; before anything is printed."""
    purpose = "service" if unmask_reason is None else "unmask"
    read = NewAccess(reader(), f"yingda {command}", data_kind, contact_ids, purpose, unmask_reason)
    async with engine.begin() as connection:
        await append_access(connection, keys, read)

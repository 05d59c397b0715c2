"""Who cannot be reached at present: nothing is sent to them until they act again."""

from datetime import datetime
from uuid import UUID

from bot.storage.pool import Connection

_MARK = "SELECT bot.mark_unreachable(%s, %s, %s, %s)"


async def mark_unreachable(
    connection: Connection, identity_id: UUID, reason: str, *, at: datetime, code: str | None = None
) -> bool:
    """What waits for them fails with the reason ``unreachable``, now and later; ``at`` is when it was so.

    Whoever has acted since is reached and not marked; whether they are marked now.
    """
    row = await (await connection.execute(_MARK, (identity_id, reason, code, at))).fetchone()
    return bool(row and row[0])

"""Whose data a request showed, and why: declared by the handler, written into the access log before the answer leaves.

A route whose permission is one of :data:`~bot.staff.roles.CUSTOMER_DATA` has ``request[SEEN]``, an empty set, and its
handler adds every contact whose data it shows. No line, no answer: a log that cannot be written is a fault.
"""

from typing import NamedTuple
from uuid import UUID

import structlog
from aiohttp import web

from bot.staff.roles import Permission
from bot.web.keys import ENGINE, KEYS
from crm_adapter.sharing.access import NewAccess, append_access


class Why(NamedTuple):
    """``purpose`` is a code; ``reason`` what the reader gave in words, if anything."""

    purpose: str
    reason: str | None = None


SEEN = web.RequestKey[set[UUID]]("seen")
WHY = web.RequestKey[Why]("why")


def begin(request: web.Request) -> None:
    """Before the handler of a route that shows customer data."""
    request[SEEN] = set()
    request[WHY] = Why("service")


async def record(request: web.Request, actor: str, permission: Permission) -> None:
    """Writes the line, also for a list that turned out empty: what was looked for is a read as well."""
    resource = request.match_info.route.resource
    shown: set[UUID] = request[SEEN]
    read = NewAccess(
        actor=actor,
        action=f"{request.method} {resource.canonical if resource else request.path}",
        data_kind=permission,
        contact_ids=shown,
        purpose=request[WHY].purpose,
        reason=request[WHY].reason,
        trace_id=structlog.contextvars.get_contextvars().get("trace_id", ""),
    )
    async with request.app[ENGINE].begin() as connection:
        await append_access(connection, request.app[KEYS], read)

"""Sensitive data in what customers wrote is hidden until somebody who may says why they need it (PR10)."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.domain.sensitive import mask, mask_body
from bot.staff.roles import Permission
from bot.web.bodies import invalid
from bot.web.console.guard import SESSION
from bot.web.console.paging import text
from bot.web.console.seen import WHY, Why
from bot.web.problems import Problem

SHORTEST_REASON = 4


class Veil:
    """What a request may see: texts and bodies as they are, or masked."""

    def __init__(self, lifted: bool) -> None:
        self.lifted = lifted

    def text(self, content: str | None) -> str | None:
        """A text as the reader may see it."""
        return content if self.lifted or content is None else mask(content)

    def body(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A message's body as the reader may see it."""
        return body if self.lifted else mask_body(body)


def veil_of(request: web.Request) -> Veil:
    """Lifted by ``?unmask=1&reason=…``, which the access log then shows.

    Raises :class:`Problem` 403 ``forbidden`` without the permission and 422 ``invalid`` without a reason.
    """
    if text(request, "unmask", of=("0", "1")) != "1":
        return Veil(False)
    if Permission.SENSITIVE_READ not in request[SESSION].staff.permissions:
        raise Problem(403, "forbidden")
    reason = text(request, "reason")
    if reason is None or len(reason) < SHORTEST_REASON:
        raise invalid(("reason", "missing" if reason is None else "too_short"))
    request[WHY] = Why("unmask", reason)
    return Veil(True)

"""Lists in pages, and the checks of what stands in a query string."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import web

from bot.web.bodies import invalid, is_storable
from bot.web.problems import Problem
from crm_adapter.port import UnknownRecord

LIMIT = 200
_DEFAULT_LIMIT = 50
_Q_LENGTH = 200
_DIGITS = 9
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Page:
    """``limit`` items behind ``cursor``, the place where the page before it ended."""

    limit: int
    cursor: str | None

    @property
    def asked(self) -> int:
        """How many to read: one more than is shown tells whether there is a next page."""
        return self.limit + 1


def page_of(request: web.Request) -> Page:
    """The page that the query string asks for. Raises :class:`Problem` 422 ``invalid`` or 400 ``bad_cursor``."""
    cursor = request.query.get("cursor")
    return Page(
        number(request, "limit", default=_DEFAULT_LIMIT, low=1, high=LIMIT),
        _decode(cursor) if cursor else None,
    )


def page_reply(
    page: Page, rows: Sequence[_Item], place: Callable[[_Item], str], shape: Callable[[_Item], Mapping[str, Any]]
) -> web.Response:
    """``{"items", "next"}`` from up to ``page.asked`` rows; ``place`` is what the next page is read behind."""
    shown = rows[: page.limit]
    following = _encode(place(shown[-1])) if len(rows) > page.limit else None
    return reply({"items": [shape(row) for row in shown], "next": following})


def reply(value: Mapping[str, Any], status: int = 200) -> web.Response:
    """A JSON response; ids and times are written as text, times in ISO 8601."""
    body = json.dumps(value, ensure_ascii=False, default=_plain).encode("utf-8")
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def _plain(value: object) -> object:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)


def text(request: web.Request, name: str, *, of: Iterable[str] = ()) -> str | None:
    """A filter from the query string, ``None`` when absent or blank. Raises 422 when it is not one ``of`` these,
    longer than 200 characters or no text that can be stored."""
    value = request.query.get(name, "").strip()
    if not value:
        return None
    choices = tuple(of)
    if len(value) > _Q_LENGTH or not is_storable(value) or (choices and value not in choices):
        raise invalid((name, "not_allowed"))
    return value


def number(request: web.Request, name: str, *, default: int, low: int, high: int) -> int:
    """A number from the query string. Raises 422 when it is none or out of bounds."""
    value = request.query.get(name)
    if not value:
        return default
    if len(value) > 10 or not (value.isascii() and value.isdigit()) or not low <= int(value) <= high:
        raise invalid((name, "not_allowed"))
    return int(value)


def identifier(value: str) -> UUID | None:
    """The id in a path or a filter; ``None`` when it cannot be one, so that nothing can have it."""
    try:
        return UUID(value)
    except ValueError:
        return None


def id_in(request: web.Request, name: str = "id") -> UUID:
    """The id in the path. What can be none is as unknown as one that nothing has: :class:`UnknownRecord`."""
    found = identifier(request.match_info[name])
    if found is None:
        raise UnknownRecord
    return found


def contact_in(request: web.Request) -> UUID:
    """The contact that the path names. Raises :class:`Problem` 404 ``unknown_contact`` for what is no id."""
    found = identifier(request.match_info["id"])
    if found is None:
        raise Problem(404, "unknown_contact")
    return found


def place_id(cursor: str | None) -> UUID | None:
    """The id in a cursor made of one. Raises :class:`Problem` 400 ``bad_cursor``."""
    if cursor is None:
        return None
    found = identifier(cursor)
    if found is None:
        raise Problem(400, "bad_cursor")
    return found


def place_number(cursor: str | None) -> int:
    """How many came before, in a cursor made of that number. Raises :class:`Problem` 400 ``bad_cursor``."""
    if cursor is None:
        return 0
    if len(cursor) > _DIGITS or not (cursor.isascii() and cursor.isdigit()):
        raise Problem(400, "bad_cursor")
    return int(cursor)


def _encode(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode("utf-8")).rstrip(b"=").decode()


def _decode(cursor: str) -> str:
    try:
        place = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("utf-8")
    except (ValueError, binascii.Error):
        raise Problem(400, "bad_cursor") from None
    if not is_storable(place):
        raise Problem(400, "bad_cursor")
    return place

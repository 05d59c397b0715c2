"""What an endpoint is given and what it gives back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from emulators.wechat.account import Account
from emulators.wechat.acts import Acts
from emulators.wechat.errors import Refused
from emulators.wechat.settings import Right
from emulators.wechat.world import World

OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call that has been let in: ``now`` by the emulator's clock; ``body`` is empty where none is expected."""

    world: World
    acts: Acts
    account: Account
    request: web.Request
    query: dict[str, str]
    body: dict[str, Any]
    now: float

    def text(self, name: str, errcode: int = 40097) -> str:
        """A field of the body that must be a text and not empty; :class:`Refused` with ``errcode``."""
        return text_in(self.body, name, errcode)

    def part(self, name: str, errcode: int = 47001) -> dict[str, Any]:
        """A field of the body that must be an object."""
        value = self.body.get(name)
        if not isinstance(value, dict):
            raise Refused(errcode)
        return value


def text_in(part: dict[str, Any], name: str, errcode: int = 40097) -> str:
    """A field that must be a text and not empty; :class:`Refused` with ``errcode``."""
    value = part.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(errcode)
    return value


Answer = dict[str, Any] | web.Response
Handle = Callable[[ApiCall], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the API: ``right`` is what the account must have, ``body`` whether JSON is read."""

    handle: Handle
    method: Literal["GET", "POST"]
    right: Right | None = None
    body: bool = True
    token: bool = True
    plain_text: bool = False
    """WeChat declares some of its JSON as ``text/plain``."""

"""The emulator's control API, as far as the lab needs it: users, faults, whether it is there."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp

PREFIX = "user"
SEND = "/cgi-bin/message/*"
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "slow-pushes": {"on": "push", "fault": "latency", "seconds": 6},
    "lost-answers": {"on": "push", "fault": "drop_after"},
    "duplicates": {"on": "push", "fault": "duplicate"},
    "out-of-order": {"on": "push", "fault": "reorder", "seconds": 10},
    "window-over": {"on": "api", "fault": "errcode", "errcode": 45015, "path": SEND},
    "count-exceeded": {"on": "api", "fault": "errcode", "errcode": 45047, "path": SEND},
    "quota": {"on": "api", "fault": "errcode", "errcode": 45009, "path": SEND},
    "no-rights": {"on": "api", "fault": "errcode", "errcode": 48001, "path": SEND},
    "busy": {"on": "api", "fault": "errcode", "errcode": -1, "path": SEND, "probability": 0.5},
    "bad-token": {"on": "api", "fault": "errcode", "errcode": 40001, "path": SEND, "count": 1},
    "broken-json": {"on": "api", "fault": "broken_json", "path": SEND},
    "slow-media": {"on": "api", "fault": "slow", "seconds": 8, "path": "*/media/*"},
}
"""What ``--fault`` can switch on from the start; the phone's page has these as switches, and more."""


class PhonesFault(Exception):
    """The emulator would not do something; the message says what it answered."""


class Phones:
    """The emulator at ``url``; every call raises :class:`PhonesFault` or aiohttp's ClientError, and ends."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    def page(self, account: str) -> str:
        """The address of the page with the first user's phone."""
        return f"{self._url}/phone?{urlencode({'user': f'{PREFIX}1', 'account': account})}"

    async def there(self) -> bool:
        """Whether it answers."""
        try:
            await self._call("GET", "/clock")
        except (aiohttp.ClientError, TimeoutError, PhonesFault):
            return False
        return True

    async def add_users(self, count: int) -> None:
        """``user1`` to ``user<count>``, who follow nobody yet."""
        await self._call("POST", "/users", {"count": count, "prefix": PREFIX})

    async def add_fault(self, preset: str) -> None:
        """Switches one of :data:`FAULTS` on."""
        await self._call("POST", "/faults", dict(FAULTS[preset]))

    async def verify(self, account: str) -> bool:
        """Whether our server proves that it is the account's, as WeChat's console asks it to."""
        return bool((await self._call("POST", f"/accounts/{account}/verify", {})).get("verified"))

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        async with self._session.request(method, f"{self._url}/control{path}", json=body) as response:
            document = await response.json()
            if response.status >= 300 or not isinstance(document, dict):
                raise PhonesFault(f"{path}: {document}")
            return document

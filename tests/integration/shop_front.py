"""The web channel as somebody meets it who keeps no protocol: single requests and frames, and what comes back."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType

from bot.rehearsal.keeper import Keeper

SECRET = "the shop's own secret, shared with nobody else"
CHANNELS = json.dumps([{"kind": "web", "name": "shop", "identity_secret": SECRET}, {"kind": "web", "name": "other"}])
PROTOCOL = "yingda.v1"


@dataclass(frozen=True)
class Answer:
    """A response with its body read."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def refused(self, status: int, code: str) -> bool:
        """Whether it is the problem of that status and code, in full."""
        assert (self.status, self.headers["Content-Type"].partition(";")[0]) == (status, "application/problem+json"), (
            self.status,
            self.body,
        )
        problem = self.json
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        assert problem["code"] == code, problem
        return True


@dataclass(frozen=True)
class ShopFront:
    """One server's web channel, for one client."""

    http: aiohttp.ClientSession
    server: Keeper
    account: str = "shop"

    @property
    def base(self) -> str:
        return f"{self.server.url}/channels/{self.account}"

    async def ask(self, method: str, path: str, token: str | None = None, **arguments: Any) -> Answer:
        """One request; ``path`` below the account."""
        headers = dict(arguments.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self.http.request(method, f"{self.base}/{path}", headers=headers, **arguments) as response:
            return Answer(response.status, response.headers, await response.read())

    async def open(self, **body: Any) -> str:
        """A session's token."""
        answer = await self.ask("POST", "session", json=body)
        assert answer.status == 200, answer
        return str(answer.json["token"])

    async def say(self, token: str, **message: Any) -> Answer:
        """POST /messages."""
        return await self.ask("POST", "messages", token, json=message)

    @asynccontextmanager
    async def socket(self, token: str | None = None, **headers: str) -> AsyncIterator[ClientWebSocketResponse]:
        """A socket, past its welcome when there is a token."""
        url = f"{self.base}/socket"
        async with self.http.ws_connect(url, protocols=(PROTOCOL,), headers=headers, max_msg_size=0) as socket:
            if token is not None:
                await socket.send_json({"type": "hello", "token": token, "last_seq": 0})
                assert (await socket.receive_json(timeout=20))["type"] == "welcome"
            yield socket

    async def refusals(self, code: str) -> float:
        """How many of the kind the server has counted."""
        async with self.http.get(f"{self.server.url}/metrics") as response:
            text = await response.text()
        counted = re.search(rf'^yingda_refusals_total{{channel="web",code="{code}"}} (\S+)', text, re.MULTILINE)
        return float(counted[1]) if counted else 0.0


async def closed_with(socket: ClientWebSocketResponse) -> int | None:
    """The code a socket is closed with, whatever comes before that."""
    while True:
        message = await socket.receive(timeout=30)
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
            return socket.close_code

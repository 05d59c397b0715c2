"""One request to WeChat's API and its answer, every wait bounded; what goes wrong is a :class:`WechatFault`."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import aiohttp
from yarl import URL

from bot.channels.wechat.api.faults import WechatFault
from bot.channels.wechat.errors import ApiError, Decision, read_answer

_ANSWER_BYTES = 4 * 1024 * 1024
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 3.0
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Request:
    """``body`` is JSON as it goes out, ``form`` makes a multipart body. ``repeatable``: doing it twice harms nobody."""

    path: str
    method: Literal["GET", "POST"] = "POST"
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    form: Callable[[], aiohttp.FormData] | None = field(default=None, repr=False)
    repeatable: bool = False

    @property
    def without_answer(self) -> Decision:
        """What a lost answer means: do it again, or never by itself."""
        return "retry" if self.repeatable else "outcome_unknown"


class Transport:
    """Requests to one base address; the session is the caller's."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str) -> None:
        self._session = session
        self._api_url = URL(api_url)

    async def exchange(self, request: Request, timeout_s: float, token: str | None = None) -> dict[str, Any]:
        """The answer's JSON. Raises :class:`WechatFault`, also for an ``errcode`` that is not 0."""
        async with self.open(request, timeout_s, token) as response:
            raw = await read_limited(response, _ANSWER_BYTES)
            if raw is None:
                raise WechatFault(request.path, "unreadable", request.without_answer)
        return judge(request, response.status, raw)

    @asynccontextmanager
    async def open(
        self, request: Request, timeout_s: float, token: str | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response, to be read within the block; ``timeout_s`` is for both."""
        query = dict(request.query) if token is None else {**request.query, "access_token": token}
        async with self.fetch(request, self._api_url.with_path(request.path).with_query(query), timeout_s) as response:
            yield response

    @asynccontextmanager
    async def fetch(self, request: Request, url: URL, timeout_s: float) -> AsyncIterator[aiohttp.ClientResponse]:
        """As :meth:`open`, from an address that WeChat named."""
        data = request.form() if request.form else request.body
        try:
            async with self._session.request(
                request.method,
                url,
                data=data,
                headers=_JSON if request.body is not None else None,
                # Who got no connection in half of it has sent nothing; one of ours that never gets free counts too.
                timeout=aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s / 2),
                allow_redirects=False,
            ) as response:
                yield response
        # What the library says quotes the address, with token or secret in it: none of it goes on.
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise WechatFault(request.path, "not_reached", "retry") from None
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise WechatFault(request.path, "no_answer", request.without_answer) from None


def judge(request: Request, status: int, raw: bytes) -> dict[str, Any]:
    """The answer's JSON. Raises :class:`WechatFault` for anything else than a success."""
    if status >= 500:
        raise WechatFault(request.path, "status", request.without_answer)
    answer = read_answer(raw)
    if isinstance(answer, ApiError) and answer.code is not None:
        raise WechatFault(request.path, "errcode", answer.decision, answer)
    if status != 200:
        raise WechatFault(request.path, "status", "slow_down" if status == 429 else "give_up")
    if isinstance(answer, ApiError):
        raise WechatFault(request.path, "unreadable", request.without_answer)
    return answer


async def read_limited(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body; ``None`` for one longer than ``limit``."""
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > limit:
            return None
    return bytes(raw)


async def persist(call: Callable[[], Awaitable[_Answer]], within_s: float) -> _Answer:
    """Calls again, with growing pauses, what ended with the decision ``retry``; no try begins after ``within_s``."""
    clock = asyncio.get_running_loop().time
    end = clock() + within_s
    for pause in _pauses():
        try:
            return await call()
        except WechatFault as fault:
            if fault.decision != "retry" or clock() + pause >= end:
                raise
        await asyncio.sleep(pause)
    raise AssertionError("pauses do not end")


def _pauses() -> Iterator[float]:
    pause = _SHORTEST_PAUSE_S
    while True:
        yield pause * random.uniform(0.75, 1.25)  # noqa: S311 - so that processes do not knock all at once
        pause = min(2 * pause, _LONGEST_PAUSE_S)

"""Sends pushes: five seconds for an answer, then the same again; shows the user what came of it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import aiohttp
from yarl import URL

from emulators.wechat.account import Account, Chat
from emulators.wechat.push.record import FINAL, KEPT_BODY, Attempt, Outcome, Push, Record
from emulators.wechat.push.replies import MAX_BYTES, Reply, ReplyRefused, read_reply
from emulators.wechat.push.request import HEADERS, PushRequest, compose, signed_query
from emulators.wechat.push.transfer import begin_session
from emulators.wechat.world import World

KEPT_ALIVE_S = 2  # less than servers keep theirs: a push on a connection that is just being closed would look lost
OUT_OF_ORDER = "该公众号暂时无法提供服务，请稍后再试"


class Deliverer:
    """All pushes of all accounts; each is under way on its own, as WeChat waits for none before it sends the next."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sent: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.record = Record(world.settings.kept_deliveries)

    def push(self, chat: Chat, kind: str, fields: dict[str, Any], *, answerable: bool = True) -> Push:
        """Starts a push of message type or event ``kind``; the common fields are put before ``fields``.

        ``answerable``: whether the user is shown an answer, or that none came.
        """
        account = chat.account
        whole = {
            "ToUserName": account.settings.original_id,
            "FromUserName": chat.openid,
            "CreateTime": int(self._world.clock.now()),
            **fields,
        }
        now = self._world.clock.now()
        push = self.record.open(account.settings.name, chat.person.name, kind, whole, answerable, now)
        self._start(self._deliver(push, chat))
        return push

    async def verify(self, account: Account) -> dict[str, Any]:
        """The GET by which WeChat's console verifies a URL: whether ``echostr`` came back."""
        echo = str(self._world.random.randrange(10**18, 10**19))
        query = signed_query(account, self._stamp()) | {"echostr": echo}
        attempt, body = await self._call(account, 1, query, None)
        outcome = {"status": attempt.status, "seconds": attempt.seconds, "reason": attempt.reason}
        return {"verified": attempt.status == 200 and body == echo.encode(), **outcome}

    async def open(self) -> None:
        """Gets ready to send; as many connections as there are pushes under way, and none is kept for long."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_ALIVE_S)
        self._client = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Ends what is under way, and every connection."""
        await self.stop()
        if self._client is not None:
            await self._client.close()

    async def stop(self) -> None:
        """Ends whatever is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self) -> None:
        """Nothing has ever been sent."""
        self._sent.clear()
        self.record = Record(self._world.settings.kept_deliveries)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, push: Push, chat: Chat) -> None:
        try:
            if chat.account.settings.push_url is None:
                self.record.tried(
                    push, Attempt(1, self._world.clock.now(), 0.0, "unreachable", reason="no push_url"), 0.0
                )
            else:
                await self._tries(push, chat)
            last = push.attempts[-1].outcome
            if push.answerable and last not in ("answered", "silent"):
                chat.person.phone.show(push.account, "error", "text", {"content": OUT_OF_ORDER}, push=push.id)
        finally:
            self.record.settle(push)

    async def _tries(self, push: Push, chat: Chat) -> None:
        rules = self._world.settings.delivery
        request: PushRequest | None = None
        began = time.perf_counter()
        for number in range(1, rules.tries + 1):
            tried = time.perf_counter()
            if request is None or rules.resign_retries:
                request = compose(chat.account, chat.openid, push.fields, self._stamp())
            attempt = await self._attempt(push, chat, number, request, began)
            if attempt.outcome in FINAL or number == rules.tries:
                return
            await asyncio.sleep(tried + rules.spacing_s * rules.scale - time.perf_counter())

    async def _attempt(self, push: Push, chat: Chat, number: int, request: PushRequest, began: float) -> Attempt:
        struck = self._world.faults.strike("push", account=push.account, user=push.user, type=push.type)
        if latency := struck.get("latency"):
            await asyncio.sleep(latency.seconds)
        if reorder := struck.get("reorder"):
            await self._overtaken(push.user, reorder.seconds)
        if "drop_before" in struck:
            attempt = Attempt(number, self._world.clock.now(), 0.0, "dropped", reason="never sent")
            self.record.tried(push, attempt, 0.0)
            return attempt
        if "duplicate" in struck:
            self._start(self._again(push, chat, number, request))
        attempt, body = await self._call(chat.account, number, request.query, request)
        # Whoever is held back may go now that this one has arrived.
        self._sent.pop(push.user, asyncio.Event()).set()
        if "drop_after" in struck:
            attempt = self._judged(attempt, "dropped", "the answer was lost")
        elif attempt.status is not None:
            attempt = self._read(attempt, body, push, chat)
        self.record.tried(push, attempt, time.perf_counter() - began)
        return attempt

    async def _again(self, push: Push, chat: Chat, number: int, request: PushRequest) -> None:
        """The same request beside the first: what is answered to it is recorded and shown to nobody."""
        attempt, _ = await self._call(chat.account, number, request.query, request)
        push.duplicates.append(attempt)

    async def _overtaken(self, user: str, most_s: float) -> None:
        try:
            async with asyncio.timeout(most_s):
                await self._sent[user].wait()
        except TimeoutError:
            return

    def _read(self, attempt: Attempt, body: bytes, push: Push, chat: Chat) -> Attempt:
        if attempt.status != 200:
            return self._judged(attempt, "http_error", f"HTTP {attempt.status}")
        try:
            reply = read_reply(body, chat.account, chat.openid, push.type)
        except ReplyRefused as refused:
            return self._judged(attempt, "malformed", str(refused))
        if reply is None:
            return attempt
        if not push.answerable:
            return self._judged(attempt, "silent", "nobody is shown an answer to this")
        self._show(reply, push, chat)
        return self._judged(attempt, "answered", reply.note)

    def _show(self, reply: Reply, push: Push, chat: Chat) -> None:
        chat.typing_until = float("-inf")
        if reply.type == "transfer_customer_service":
            begin_session(self._world, chat, reply.content["kf_account"], self.push)
            return
        chat.person.phone.show(push.account, "passive", reply.type, reply.content, push=push.id)

    async def _call(
        self, account: Account, number: int, query: dict[str, str], request: PushRequest | None
    ) -> tuple[Attempt, bytes]:
        if self._client is None:
            raise RuntimeError("the deliverer is not open")
        rules = self._world.settings.delivery
        at, began = self._world.clock.now(), time.perf_counter()
        status: int | None = None
        body, reason = b"", ""
        outcome: Outcome = "silent"
        try:
            url = URL(account.settings.push_url or "").extend_query(query)
            headers = HEADERS | ({"Content-Type": request.content_type} if request else {})
            method = "POST" if request else "GET"
            data = request.body if request else None
            async with (
                asyncio.timeout(rules.timeout_s * rules.scale),
                self._client.request(method, url, data=data, headers=headers, allow_redirects=False) as response,
            ):
                body = await _read_some(response)
                status = response.status
        except TimeoutError:
            outcome, reason = "timeout", "no answer in time"
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            outcome, reason = "unreachable", type(fault).__name__
        seconds = round(time.perf_counter() - began, 6)
        answer = body[:KEPT_BODY].decode(errors="replace")
        return Attempt(number, at, seconds, outcome, status, answer, reason), body

    @staticmethod
    def _judged(attempt: Attempt, outcome: Outcome, reason: str) -> Attempt:
        return replace(attempt, outcome=outcome, reason=reason)

    def _stamp(self) -> int:
        at_wall = self._world.settings.delivery.signed_at == "wall"
        return int(time.time() if at_wall else self._world.clock.now())


async def _read_some(response: aiohttp.ClientResponse) -> bytes:
    """The body, as far as anything can be made of it."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            break
    return b"".join(parts)

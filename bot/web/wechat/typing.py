"""Customers see that an answer is being written: by a turn that takes long, by what goes on outside after it, or by a
person at the desk.

Nothing depends on it: what hinders it is passed over, and it never holds up an answer.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.window import may_show_typing
from bot.domain.message import Taken
from bot.settings import WechatAccount
from bot.storage.pool import Pool
from bot.turns.take import UNAVAILABLE
from bot.web.wechat.rights import Rights

log = structlog.get_logger(__name__)

SHOWN_S = 15.0
"""WeChat takes it back by itself after that, and refuses it while it is shown (45081)."""
_MOST_PEOPLE = 1000
_LOOKS = 2
"""WeChat takes no more of them after one deed of the customer's."""
_ANSWERED = "SELECT FROM bot.messages WHERE conversation_id = %s AND seq > %s AND direction = 'out' LIMIT 1"


class Typing:
    """All accounts' of one process; ``clients`` are those that are open."""

    def __init__(
        self,
        accounts: Mapping[str, WechatAccount],
        clients: Mapping[str, WechatClient],
        pool: Pool,
        rights: Rights,
    ) -> None:
        self._accounts = accounts
        self._clients = clients
        self._pool = pool
        self._rights = rights
        self._shown: dict[tuple[str, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @contextmanager
    def during(self, account: str, openid: str) -> Iterator[None]:
        """Shown from ``typing_after_s`` seconds after the block began until its end."""
        after_s = self._accounts[account].typing_after_s
        if not after_s or not self._may(account):
            yield
            return
        showing: list[asyncio.Task[None]] = []

        def begin() -> None:
            showing.append(self._own(self._keep_shown(account, openid)))

        timer = asyncio.get_running_loop().call_later(after_s, begin)
        try:
            yield
        finally:
            timer.cancel()
            for task in showing:
                task.cancel()
                task.add_done_callback(partial(self._end, account, openid))

    def until_answered(self, account: str, openid: str, taken: Taken) -> None:
        """Shown while what the turn has begun outside goes on, for half a minute at most."""
        if self._accounts[account].typing_after_s and self._may(account):
            self._own(self._until_answered(account, openid, taken))

    def by_person(self, account: str, openid: str, on: bool, acted: datetime | None) -> None:
        """A person at the desk writes, or has stopped; WeChat is told as often as it wants to know it, and not of who
        did nothing lately: they ``acted`` last then."""
        if on and (acted is None or not may_show_typing(acted, datetime.now(UTC))):
            return
        now = asyncio.get_running_loop().time()
        if not self._may(account) or (on and now < self._shown.get((account, openid), 0)):
            return
        if not on and self._shown.pop((account, openid), 0) < now:
            return
        if on:
            if len(self._shown) >= _MOST_PEOPLE:
                self._shown.clear()
            self._shown[account, openid] = now + SHOWN_S
        self._own(self._tell(account, openid, on))

    async def close(self) -> None:
        """Ends what is under way; the clients may be closed then."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _may(self, account: str) -> bool:
        if self._closed or self._accounts[account].kind != "service" or account not in self._clients:
            return False
        return not self._rights.lacks(account)

    async def _keep_shown(self, account: str, openid: str) -> None:
        while True:
            await self._tell(account, openid, True)
            await asyncio.sleep(SHOWN_S)

    async def _until_answered(self, account: str, openid: str, taken: Taken) -> None:
        await asyncio.sleep(self._accounts[account].typing_after_s)
        with suppress(*UNAVAILABLE):
            for _ in range(_LOOKS):
                async with self._pool.connection() as connection:
                    found = await connection.execute(_ANSWERED, (taken.conversation_id, taken.last.seq))
                    if await found.fetchone() is not None:
                        return
                await self._tell(account, openid, True)
                await asyncio.sleep(SHOWN_S)

    def _end(self, account: str, openid: str, shown: "asyncio.Task[None]") -> None:
        if self._may(account):
            self._own(self._tell(account, openid, False))

    async def _tell(self, account: str, openid: str, on: bool) -> None:
        try:
            await self._clients[account].show_typing(openid, on=on)
        except WechatFault as fault:
            if fault.decision == "only_passive":
                self._rights.refused(account)
            if fault.decision != "ignore":
                log.info("typing is not shown", account=account, fault=str(fault))

    def _own(self, telling: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(telling)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

"""Asks for unionids behind the turns: no answer waits for it, and what fails is asked again with the next message."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.jobs.wechat.unionids import Unionids
from bot.settings import WechatAccount
from crm_adapter.sql_store import SqlStore

log = structlog.get_logger(__name__)

AT_ONCE = 4
MOST_WAITING = 10_000
MOST_KNOWN = 50_000
PAUSE_S = 60.0
"""For so long an account is left alone that may not ask, or not any more today."""
_REST = ("only_passive", "fix_settings", "wait_for_quota")


@dataclass(frozen=True, slots=True)
class _Asked:
    account: str
    identity_id: UUID
    openid: str


class UnionidQueue:
    """Of all accounts that are bound to an Open Platform; the others' people cost nothing here."""

    def __init__(
        self,
        accounts: Sequence[WechatAccount],
        clients: Mapping[str, WechatClient],
        engine: AsyncEngine,
        crm: SqlStore,
    ) -> None:
        self._clients = clients
        self._unionids = {
            account.name: Unionids(account.open_platform, engine, crm)
            for account in accounts
            if account.open_platform is not None
        }
        self._waiting: asyncio.Queue[_Asked] = asyncio.Queue(MOST_WAITING)
        self._seen: set[UUID] = set()
        self._rests_until: dict[str, float] = {}

    def offer(self, account: str, identity_id: UUID, openid: str) -> None:
        """Somebody wrote or followed; waits for nothing."""
        if account not in self._unionids or identity_id in self._seen:
            return
        if asyncio.get_running_loop().time() < self._rests_until.get(account, 0):
            return
        if len(self._seen) >= MOST_KNOWN:
            self._seen.clear()
        if not self._waiting.full():
            self._seen.add(identity_id)
            self._waiting.put_nowait(_Asked(account, identity_id, openid))

    async def run(self) -> None:
        """Asks for ever; cancelled, it leaves what is not done to the next message."""
        if not self._unionids:
            return
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._work())

    async def _work(self) -> NoReturn:
        while True:
            asked = await self._waiting.get()
            try:
                unionids, client = self._unionids[asked.account], self._clients[asked.account]
                if not await unionids.learn(client, asked.account, asked.identity_id, asked.openid):
                    self._seen.discard(asked.identity_id)
            except WechatFault as fault:
                log.warning("a unionid cannot be had", account=asked.account, fault=str(fault))
                if fault.decision in _REST:
                    self._rests_until[asked.account] = asyncio.get_running_loop().time() + PAUSE_S
                self._seen.discard(asked.identity_id)
            except Exception as error:
                log.warning("a unionid cannot be kept", account=asked.account, reason=type(error).__name__)
                self._seen.discard(asked.identity_id)

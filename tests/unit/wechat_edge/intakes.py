"""An intake without a server: what its pushes are taken by is a list, and the store is there or away as told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg

from bot.channels.wechat.parse import parse
from bot.channels.wechat.reading import read_tree
from bot.domain.message import Message, Taken
from bot.rehearsal.keys import KEYS
from bot.spool.spool import Spool
from bot.turns.take import TurnUnavailable
from bot.web.wechat.arrived import Arrived
from bot.web.wechat.intake import Intake

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def arrived(user: str, number: int, account: str = "care") -> Arrived:
    """A text of a user's."""
    fields = {"ToUserName": "gh_1", "FromUserName": user, "CreateTime": "1760000000", "MsgType": "text"}
    fields |= {"Content": f"{user} {number}", "MsgId": f"{user}{number}"}
    text = "<xml>" + "".join(f"<{key}>{value}</{key}>" for key, value in fields.items()) + "</xml>"
    return Arrived(account, text, parse(read_tree(text)[0], text), NOW, uuid4().hex)


class Store:
    """Takes pushes while it is there; ``done`` is what it took, in its order."""

    def __init__(self) -> None:
        self.there = True
        self.probes = True
        self.done: list[str] = []
        self.tried = 0
        self.breaks: set[str] = set()
        self.locked: set[str] = set()
        self.slow = asyncio.Event()
        self.slow.set()
        self._seen: set[str] = set()

    async def work(self, push: Arrived) -> Taken | None:
        """As the edge's."""
        self.tried += 1
        await self.slow.wait()
        said = str(read_tree(push.text)[0]["Content"])
        if not self.there:
            raise TurnUnavailable from psycopg.OperationalError("away")
        if said in self.locked:
            self.locked.discard(said)
            raise TurnUnavailable from psycopg.errors.LockNotAvailable()
        if said in self.breaks:
            raise ZeroDivisionError
        if said not in self._seen:  # as the inbox does
            self._seen.add(said)
            self.done.append(said)
        line = Message(uuid4(), 1, "in", "customer", {"text": said}, NOW)
        return Taken(uuid4(), uuid4(), line)

    async def probe(self) -> None:
        """As the setup's."""
        if not (self.there and self.probes):
            raise psycopg.OperationalError("away")


class Process:
    """One process's intake on a folder, with the loop that looks after it."""

    def __init__(self, folder: Path, store: Store, limit: int = 1 << 20) -> None:
        self.spool = Spool(folder, KEYS, limit)
        self.intake = Intake(self.spool, KEYS, store.work, store.probe)
        self._loop: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Process":
        self._loop = asyncio.create_task(self.intake.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        await self.intake.close()


async def until(condition: Callable[[], object], within_s: float = 10) -> None:
    """Returns once the callable is true."""

    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - whatever it is, it tells nobody
            await asyncio.sleep(0.01)

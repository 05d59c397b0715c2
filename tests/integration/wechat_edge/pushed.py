"""Pushes as WeChat writes them, taken by a process's events or arrivals without a server around them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.parse import parse
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.reading import read_tree
from bot.customers import open_crm
from bot.settings import Settings
from bot.storage.pool import Pool
from bot.web.wechat.event import EventParts
from bot.web.wechat.events import Events
from crm_adapter.encryption import Keys
from tests.unit.channels.wechat.samples import element

ACCOUNT = "care"
AT = 1_760_000_000


def xml(kind: str, *, event: str | None = None, openid: str = "o-li", at: int = AT, **fields: Any) -> str:
    """A push's text; ``event`` names an event."""
    common = {"ToUserName": "gh_1", "FromUserName": openid, "CreateTime": at, "MsgType": kind}
    named = {} if event is None else {"Event": event}
    return "<xml>" + "".join(element(*one) for one in {**common, **named, **fields}.items()) + "</xml>"


class Pushed:
    """What one process does with pushes; ``rows`` asks the store."""

    def __init__(self, pool: Pool, engine: AsyncEngine, keys: Keys, settings: Settings) -> None:
        self.pool = pool
        self.engine = engine
        self.keys = keys
        self.settings = settings
        self.crm = open_crm(settings, engine, keys)
        self.events = Events(EventParts(pool, engine, keys, self.crm), {})

    async def take(self, text: str) -> Push:
        """One delivery."""
        push = parse(read_tree(text)[0], text)
        await self.events.take(ACCOUNT, push, text, datetime.now(UTC))
        return push

    async def event(self, name: str, *, openid: str = "o-li", at: int = AT, **fields: Any) -> Push:
        """One delivery of an event."""
        return await self.take(xml("event", event=name, openid=openid, at=at, **fields))

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        async with self.pool.connection() as connection:
            return await (await connection.execute(query.encode(), values)).fetchall()


@pytest.fixture
def pushed(pool: Pool, engine: AsyncEngine, keys: Keys, settings: Settings) -> Pushed:
    """On a database of the test's own."""
    return Pushed(pool, engine, keys, settings)

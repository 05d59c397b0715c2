"""What a handler of pushes that are no talk gets, and what it may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.channels.wechat.api import WechatClient
from bot.channels.wechat.pushes import Push
from bot.storage.pool import Pool
from crm_adapter.encryption import Keys
from crm_adapter.identify import Known
from crm_adapter.sql_store import SqlStore

_ACTED = text("SELECT bot.acted(:identity, :act, :at)")


@dataclass(frozen=True, slots=True)
class EventParts:
    """What one process has open; ``client`` is the account's, ``None`` before it is open. ``at_their_desk`` are the
    accounts whose people answer at WeChat's own desk."""

    pool: Pool
    engine: AsyncEngine
    keys: Keys
    crm: SqlStore
    client: WechatClient | None = None
    at_their_desk: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """One push, for the first time; ``number`` is its row's, new and its own.

    ``connection`` is the transaction that makes it count once: what a handler writes through it, or through ``crm``,
    is committed with that, and only then is the push acknowledged. ``who`` is whom it is about; ``None`` where nobody
    is known by that openid and the push is none that makes somebody known.

    A handler reaches nothing outside while the transaction is open: that goes into ``afterwards``, which is run once
    after the commit, for a few seconds at most, and is not repeated when it fails.
    """

    number: UUID
    account: str
    push: Push
    raw: str = field(repr=False)
    received_at: datetime
    parts: EventParts
    connection: AsyncConnection
    who: Known | None
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list, repr=False)

    @property
    def crm(self) -> SqlStore:
        """The customer store, working in this event's transaction."""
        return self.parts.crm.within(self.connection)

    async def acted(self, act: str) -> None:
        """Whoever did it is reached again, and their send window of this kind begins anew."""
        if self.who is not None:
            values = {"identity": self.who.identity_id, "act": act, "at": self.received_at}
            await self.connection.execute(_ACTED, values)


Handler = Callable[[Event], Awaitable[None]]

"""What every room of the SQL store works with: a connection of its own, or the caller's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crm_adapter.encryption import Keys
from crm_adapter.policy import Policy


class Session:
    """Each call is a transaction of its own, unless it works ``within`` the caller's."""

    def __init__(
        self, engine: AsyncEngine, keys: Keys, policy: Policy, connection: AsyncConnection | None = None
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._policy = policy
        self._connection = connection

    def within(self, connection: AsyncConnection) -> Self:
        """The same store, working inside the caller's transaction: what it writes is committed with it, or not."""
        return type(self)(self._engine, self._keys, self._policy, connection)

    @asynccontextmanager
    async def _work(self) -> AsyncIterator[AsyncConnection]:
        if self._connection is not None:
            yield self._connection
        else:
            async with self._engine.begin() as connection:
                yield connection

"""The hot path's connections: psycopg without an ORM, with limits that let no dead host hold a lock for long."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from bot.settings import Settings
from bot.storage.exchange import Connection as Connection
from bot.storage.lines import cut
from bot.urls import libpq_url

log = structlog.get_logger(__name__)

CHECK_WITHIN_S = 5.0


class Pool(AsyncConnectionPool[Connection]):
    """Lends each connection for ``hold_s`` at most; then it is cut, and whoever waits for an answer on it fails.

    PostgreSQL bounds what it works on, and TCP notices a host that is gone; but a database that hangs with its
    connections open would hold its callers for as long as it hangs.
    """

    hold_s = 30.0

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:
        """A connection for the block; :class:`psycopg.OperationalError` inside it once it has been cut."""
        connection = await self.getconn(timeout)
        try:
            with _cut_after(self.hold_s, connection):
                try:
                    yield connection
                except BaseException:
                    with suppress(psycopg.Error):  # what raised says more
                        await connection.rollback()
                    raise
                # Most have ended their transaction themselves; one that is lost has none.
                if connection.pgconn.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
                    await connection.commit()
        finally:
            await self.putconn(connection)


async def check_within(connection: Connection) -> None:
    """A pool's ``check`` that does not wait for ever either: raises when the connection does not answer in 5 s."""
    with _cut_after(CHECK_WITHIN_S, connection):
        await AsyncConnectionPool.check_connection(connection)


@contextmanager
def _cut_after(seconds: float, connection: Connection) -> Iterator[None]:
    cutting = asyncio.get_running_loop().call_later(seconds, _cut, connection)
    try:
        yield
    finally:
        cutting.cancel()


def _cut(connection: Connection) -> None:
    if cut(connection):
        log.warning("cut a database connection that does not answer")


def bounded_conninfo(url: str, settings: Settings) -> str:
    """The connection string with every wait bounded: connect, lock, idle in transaction, a silent network."""
    silence_s = 10
    parameters = conninfo_to_dict(libpq_url(url))
    session = {
        "lock_timeout": f"{settings.turn.lock_s * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{settings.turn.idle_transaction_s * 1000:.0f}",
        "statement_timeout": "30000",
        "tcp_user_timeout": f"{silence_s * 1000}",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "timezone": "UTC",
    }
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    bounds = {
        "connect_timeout": 5,
        "tcp_user_timeout": silence_s * 1000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "application_name": "yingda",
        "options": f"{parameters.get('options') or ''} {options}".strip(),
    }
    return make_conninfo(**{name: str(value) for name, value in {**parameters, **bounds}.items()})


def make_pool(url: str, settings: Settings) -> Pool:
    """A closed pool; ``async with`` opens it. Connections are in autocommit: a turn says BEGIN itself."""
    turn = settings.turn
    transaction_s = max(turn.idle_transaction_s, turn.lock_s + 2 * turn.decide_s + turn.action_s)
    pool = Pool(
        bounded_conninfo(url, settings),
        connection_class=Connection,
        # psycopg prepares nothing by itself: after a rollback it would forget all that is prepared, ours included.
        kwargs={"autocommit": True, "prepare_threshold": None},
        configure=partial(_bound_transactions, within_s=transaction_s),
        min_size=2,
        max_size=settings.database.pool_size,
        timeout=settings.database.wait_s,
        reconnect_timeout=1.0,
        max_waiting=2000,
        open=False,
        name="turns",
    )
    pool.hold_s = turn.lock_s + transaction_s
    return pool


async def _bound_transactions(connection: Connection, *, within_s: float) -> None:
    # A client cut off in the middle of a pipeline is not idle to PostgreSQL, whatever it waits for; only this ends
    # its transaction, where PostgreSQL has it (from 17 on).
    if connection.info.server_version >= 170_000:
        await connection.execute(f"SET transaction_timeout = {within_s * 1000:.0f}")

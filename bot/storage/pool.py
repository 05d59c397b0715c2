"""The hot path's connections: psycopg without an ORM, with limits that let no dead host hold a lock for long."""

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from bot.settings import Settings
from bot.storage.urls import libpq_url

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]


def bounded_conninfo(url: str, settings: Settings) -> str:
    """The connection string with every wait bounded: connect, lock, idle in transaction, a silent network."""
    silence_s = 10
    parameters = conninfo_to_dict(libpq_url(url))
    session = {
        "lock_timeout": f"{settings.turn.lock_s * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{settings.turn.idle_transaction_s * 1000:.0f}",
        "statement_timeout": "30000",
        "tcp_user_timeout": f"{silence_s * 1000}",
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
    return AsyncConnectionPool(
        bounded_conninfo(url, settings),
        connection_class=AsyncConnection[TupleRow],
        kwargs={"autocommit": True, "prepare_threshold": 1},
        min_size=2,
        max_size=settings.database.pool_size,
        timeout=settings.database.wait_s,
        reconnect_timeout=1.0,
        max_waiting=2000,
        open=False,
        name="turns",
    )

"""The parts behind the network: PostgreSQL, its schema and roles, the knowledge, the jobs, Redis."""

import asyncio

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.checkup.part import Part
from bot.settings import Settings
from bot.storage.schema import APPEND_ONLY, RestoreUnfinished, is_current, refuse_unfinished_restore

WITHIN_S = 5.0

_ABOUT = text(
    "SELECT current_setting('server_version'), current_setting('server_version_num')::int, "
    "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user), "
    "(SELECT bool_or(has_table_privilege(to_regclass(ledger), 'UPDATE, DELETE')) "
    "FROM unnest(CAST(:ledgers AS text[])) ledger)"
)
_ARTICLES = text("SELECT count(*) FROM kb.articles")
_JOBS = text(
    "SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'), "
    "(SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed')"
)


async def check_store(settings: Settings, engine: AsyncEngine, application_url: str) -> list[Part]:
    """PostgreSQL and what stands in it; one part says so when it cannot be reached."""
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            about = await connection.execute(_ABOUT, {"ledgers": list(APPEND_ONLY)})
            version, number, superuser, may_delete = about.one()
            server = _server(settings, str(version), int(number))
            await asyncio.to_thread(refuse_unfinished_restore, application_url)
            if not await asyncio.to_thread(is_current, application_url):
                return [server, Part("schema", "failed", "schema_behind")]
            return [
                server,
                Part("schema", "ok", "schema_ok"),
                _role(bool(superuser), bool(may_delete)),
                await _knowledge(connection),
                await _jobs(connection),
            ]
    except RestoreUnfinished:
        return [Part("schema", "failed", "restore_unfinished")]
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError) as error:
        return [Part("database", "failed", "database_away", {"reason": type(error).__name__})]


def _server(settings: Settings, version: str, number: int) -> Part:
    kind = "embedded" if settings.database_url is None else "external"
    if number < 160000:
        return Part("database", "failed", "database_old", {"version": version})
    return Part("database", "ok", "database_ok", {"version": version, "kind": kind})


def _role(superuser: bool, may_delete: bool) -> Part:
    if superuser or may_delete:
        return Part("roles", "warning", "roles_too_strong")
    return Part("roles", "ok", "roles_ok")


async def check_jobs(engine: AsyncEngine) -> list[Part]:
    """The job engine by itself; nothing when the store cannot be asked."""
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            return [await _jobs(connection)]
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []


async def _knowledge(connection: AsyncConnection) -> Part:
    count = (await connection.execute(_ARTICLES)).scalar_one()
    return Part(
        "knowledge", "ok" if count else "warning", "knowledge_ok" if count else "knowledge_empty", {"count": count}
    )


async def _jobs(connection: AsyncConnection) -> Part:
    workers, failed = (await connection.execute(_JOBS)).one()
    if failed:
        return Part("jobs", "warning", "jobs_failed", {"failed": failed})
    return Part("jobs", "ok", "jobs_ok" if workers else "jobs_idle", {"workers": workers})


async def check_redis(settings: Settings) -> Part:
    """Redis where it is configured; without it one process serves everybody, which is fine for one."""
    if settings.redis_url is None:
        return Part("realtime", "ok", "realtime_memory")
    from redis.asyncio import Redis  # 24 MB that a server without Redis need not carry
    from redis.exceptions import RedisError

    client = Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=2, socket_timeout=2)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        return Part("realtime", "failed", "redis_away", {"reason": type(error).__name__})
    finally:
        await client.aclose()
    return Part("realtime", "ok", "redis_ok")

"""The job engine: procrastinate on psycopg's own pool."""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, cast

import structlog
from procrastinate import App, Blueprint, PsycopgConnector
from psycopg_pool import AsyncConnectionPool

from bot.jobs.access_reviews import access_review_jobs
from bot.jobs.assessment import assessment_jobs
from bot.jobs.deadlines import deadline_jobs
from bot.jobs.housekeeping import housekeeping
from bot.jobs.importing import importing_jobs
from bot.jobs.ledger import ledger_jobs
from bot.jobs.outgoing import outgoing_jobs
from bot.jobs.retention import retention_jobs
from bot.settings import Settings
from bot.storage.database import make_engine
from bot.storage.lines import Line, to_be_cut
from bot.storage.pool import Pool, bounded_conninfo, check_within

log = structlog.get_logger(__name__)

_TASKS = {
    "house": housekeeping,
    "access_reviews": access_review_jobs,
    "assessment": assessment_jobs,
    "deadlines": deadline_jobs,
    "importing": importing_jobs,
    "ledger": ledger_jobs,
    "outgoing": outgoing_jobs,
    "retention": retention_jobs,
}


def make_jobs(url: str, settings: Settings, more: Mapping[str, Blueprint] = MappingProxyType({})) -> App:
    """The app that defers and runs jobs; open it with ``async with jobs.open_async()``.

    ``more`` are jobs of rooms above this one, by namespace.
    """
    connector = PsycopgConnector(
        conninfo=bounded_conninfo(url, settings),
        min_size=1,
        max_size=4,
        timeout=settings.database.wait_s,
        pool_factory=_make_pool,
    )
    jobs = App(connector=connector)
    for namespace, tasks in (*_TASKS.items(), *_of_wechat(settings).items(), *more.items()):
        # A copy: adding renames the tasks, and a second app of this process would find none under their names.
        jobs.add_tasks_from(deepcopy(tasks), namespace=namespace)
    return jobs


def _of_wechat(settings: Settings) -> Mapping[str, Blueprint]:
    """Nothing without an account; without tags for one, nothing is imported for them."""
    if not settings.wechat:
        return {}
    from bot.jobs.unfollows import unfollow_jobs

    if not any(account.tags for account in settings.wechat):
        return {"unfollows": unfollow_jobs}
    from bot.jobs.wechat.nightly import wechat_jobs

    return {"unfollows": unfollow_jobs, "wechat": wechat_jobs}


class EnginesPool(Pool):
    """procrastinate's pool: of the kind that lets go of a database that hangs, while it waits for a connection too.

    Nobody cancels what the engine asks at its end, how a job ended and that it leaves; the process's end cuts it.
    """

    async def getconn(self, timeout: float | None = None) -> Any:
        """As psycopg's; :class:`psycopg.OperationalError` when the process ends meanwhile."""
        async with to_be_cut():
            return await super().getconn(timeout)


def _make_pool(**arguments: Any) -> AsyncConnectionPool[Any]:
    return EnginesPool(**{**arguments, "check": check_within, "connection_class": Line})


async def run_worker(jobs: App, settings: Settings, pool: Pool, more: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Runs jobs until cancelled; then lets those that run finish within the drain time.

    ``more`` is what the jobs of rooms above this one find in their context.
    """
    # One for all jobs: what SQLAlchemy has compiled once, it need not keep for each of them.
    engine = make_engine(cast(str, pool.conninfo), settings)
    try:
        await _run_worker(jobs, settings, {**more, "settings": settings, "pool": pool, "engine": engine})
    finally:
        await engine.dispose()


async def _run_worker(jobs: App, settings: Settings, context: dict[str, Any]) -> None:
    while True:
        try:
            await jobs.run_worker_async(
                concurrency=4,
                delete_jobs="successful",
                install_signal_handlers=False,
                shutdown_graceful_timeout=settings.http.drain_s,
                additional_context=context,
            )
        except Exception as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # told to end, it failed at its farewell to the database
                return
            log.warning("job worker stopped; starting again", reason=type(error).__name__)
            await asyncio.sleep(2)
        else:
            return

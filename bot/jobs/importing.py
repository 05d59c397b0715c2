"""Imports of contacts: one job each, which knows nothing but the import's id."""

from contextlib import suppress
from uuid import UUID

from procrastinate import App, Blueprint, JobContext, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import select

from bot.customers import open_crm
from bot.jobs.parts import open_engine, parts_of
from bot.storage.keyring import open_keys
from crm_adapter.imports import Importer
from crm_adapter.imports.tables import imports

importing_jobs = Blueprint()

TASK = "importing:work"


async def defer_import(jobs: App, import_id: UUID) -> None:
    """Has a worker go on with the import; asked twice, it is done once."""
    lock = f"import:{import_id}"
    with suppress(AlreadyEnqueued):
        await jobs.configure_task(TASK, lock=lock, queueing_lock=lock).defer_async(import_id=str(import_id))


@importing_jobs.task(name="work", pass_context=True, retry=RetryStrategy(max_attempts=10, wait=5, linear_wait=30))
async def work_on_import(context: JobContext, import_id: str) -> None:
    """Goes on where the import stands: its dry run, or once it has been started the real one."""
    settings, _ = parts_of(context)
    async with open_engine(context) as engine:
        keys = open_keys(settings)
        await Importer(engine, keys, open_crm(settings, engine, keys)).work(UUID(import_id))


@importing_jobs.periodic(cron="*/5 * * * *")
@importing_jobs.task(name="resume", queueing_lock="resume_imports", pass_context=True)
async def resume_imports(context: JobContext, timestamp: int) -> None:
    """Finds imports whose job was never deferred or has given up; a job that still runs is not disturbed."""
    async with open_engine(context) as engine, engine.connect() as connection:
        unfinished = select(imports.c.id).where(imports.c.state.in_(("new", "running")))
        found = (await connection.execute(unfinished)).scalars().all()
    for import_id in found:
        await defer_import(context.app, import_id)

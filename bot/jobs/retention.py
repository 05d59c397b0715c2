"""Every night: what has been kept long enough goes, files of people who are gone go, the erasure log is completed."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.jobs.parts import open_blobs, open_engine, parts_of
from bot.settings import Settings
from bot.storage.blobs import BlobStore
from crm_adapter.rights.erasure_log import complete
from crm_adapter.rights.retention import CRM_FUNCTIONS, KEPT_ORDERS_DAYS, SHARED_REACH_DAYS, Days, Rule, enforce
from crm_adapter.rights.tables import doomed_files

log = structlog.get_logger(__name__)

retention_jobs = Blueprint()

_FILES_AT_ONCE = 500
_BOT_FUNCTIONS = {
    "interactions": ("bot.forget_messages",),
    "attachments": ("bot.forget_attachments",),
    "channel_events": ("bot.forget_channel_events",),
    "parked_flows": ("bot.forget_parked_flows",),
}
# In this order: whose matter is done is seen by their cases, who is still there by what they said and bought, and
# visitors by what is left.
_CATEGORIES = (
    "sensitive",
    "preferences",
    "tags",
    "attachments",
    "interactions",
    "orders",
    "cases",
    "opinions",
    "channel_events",
    "imports",
    "visitors",
)


def rules_of(settings: Settings) -> list[Rule]:
    """The section ``[retention]`` as rules, in the order in which they are enforced."""
    kept: dict[str, Days] = {name: getattr(settings.retention, name) for name in _CATEGORIES}
    # An attachment belongs to what was said: it does not outlive it.
    if kept["interactions"] != "keep" and (kept["attachments"] == "keep" or kept["attachments"] > kept["interactions"]):
        kept["attachments"] = kept["interactions"]
    kept |= {"kept_orders": KEPT_ORDERS_DAYS, "shared_reach": SHARED_REACH_DAYS}
    kept["parked_flows"] = settings.flows.keep_parked_days
    return [Rule(name, kept[name], (*_BOT_FUNCTIONS.get(name, ()), *CRM_FUNCTIONS.get(name, ()))) for name in kept]


def exports_folder(settings: Settings) -> Path:
    """Where the files of exports are."""
    return settings.crm.export_folder or settings.var_dir / "exports"


def export_path(settings: Settings, request_id: object) -> Path:
    """The file of a request about one's own data."""
    return exports_folder(settings) / f"privacy-{request_id}.zip"


async def enforce_retention(settings: Settings, engine: AsyncEngine, now: datetime, *, dry: bool) -> dict[str, int]:
    """Rows per category that went, or with ``dry`` would go; ``exports`` counts files."""
    counts = await enforce(engine, rules_of(settings), now, dry=dry)
    counts["exports"] = await asyncio.to_thread(_forget_exports, settings, now, dry=dry)
    return counts


async def remove_doomed(settings: Settings, engine: AsyncEngine, blobs: BlobStore) -> int:
    """Removes the files whose rows are gone; how many. A file that cannot be removed stays on the list."""
    count = 0
    while True:
        async with engine.begin() as connection:
            query = (
                select(doomed_files.c.kind, doomed_files.c.id).limit(_FILES_AT_ONCE).with_for_update(skip_locked=True)
            )
            rows = (await connection.execute(query)).all()
            if not rows:
                return count
            await blobs.remove_files([row.id for row in rows if row.kind == "attachment"])
            await asyncio.to_thread(_remove_exports, settings, [row.id for row in rows if row.kind == "export"])
            done = doomed_files.c.id.in_([row.id for row in rows])
            await connection.execute(delete(doomed_files).where(done))
            count += len(rows)


@retention_jobs.periodic(cron="37 2 * * *")
@retention_jobs.task(name="enforce", queueing_lock="enforce_retention", pass_context=True)
async def enforce_nightly(context: JobContext, timestamp: int) -> None:
    """Safe to run twice and on several nodes; what is cut off goes on the next night."""
    settings, _ = parts_of(context)
    async with open_engine(context) as engine:
        counts = await enforce_retention(settings, engine, datetime.now(UTC), dry=False)
    log.info("retention.enforced", **counts)


@retention_jobs.periodic(cron="*/5 * * * *")
@retention_jobs.task(name="remove_files", queueing_lock="remove_doomed_files", pass_context=True)
async def remove_files(context: JobContext, timestamp: int) -> None:
    """Files go soon after their rows; the erasure log gets what a crash kept from it."""
    settings, _ = parts_of(context)
    async with open_engine(context) as engine:
        count = await remove_doomed(settings, engine, open_blobs(context))
        async with engine.connect() as connection:
            added = await complete(connection, settings.var_dir / "erasures.jsonl")
    if count or added:
        log.info("retention.files_removed", count=count, logged=added)


def _forget_exports(settings: Settings, now: datetime, *, dry: bool) -> int:
    before = (now - timedelta(days=settings.retention.exports)).timestamp()
    old = [path for path in exports_folder(settings).glob("privacy-*") if path.stat().st_mtime < before]
    if not dry:
        _remove(old)
    return len(old)


def _remove_exports(settings: Settings, ids: Sequence[UUID]) -> None:
    """With what a process that died while it wrote left beside them: these are files in clear."""
    for request_id in ids:
        path = export_path(settings, request_id)
        _remove(list(path.parent.glob(f"{path.name}*")))


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)

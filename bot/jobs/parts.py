"""What a job works with: the settings and the pool the worker was started with, and what it opens for its own run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from procrastinate import JobContext
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.settings import Settings
from bot.storage.blobs import BlobStore
from bot.storage.database import make_engine
from bot.storage.keyring import open_keys
from bot.storage.pool import Pool


def parts_of(context: JobContext) -> tuple[Settings, Pool]:
    """What the worker was started with."""
    additional = context.additional_context
    return additional["settings"], additional["pool"]


@asynccontextmanager
async def open_engine(context: JobContext) -> AsyncIterator[AsyncEngine]:
    """The worker's engine, or one for this run where it was started without: a job that takes long holds none of the
    connections that people's requests wait for.
    """
    shared: AsyncEngine | None = context.additional_context.get("engine")
    if shared is not None:
        yield shared
        return
    settings, pool = parts_of(context)
    engine = make_engine(cast(str, pool.conninfo), settings)  # ours are made from text, never from a function
    try:
        yield engine
    finally:
        await engine.dispose()


def open_blobs(context: JobContext) -> BlobStore:
    """The files that customers and staff sent."""
    settings, pool = parts_of(context)
    return BlobStore(settings.var_dir / "blobs", pool, open_keys(settings))

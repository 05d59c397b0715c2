"""Opens the review of who has access when it is due (PR4, PR9)."""

from datetime import UTC, datetime, timedelta
from typing import cast

import structlog
from procrastinate import Blueprint, JobContext

from bot.jobs.housekeeping import parts_of
from bot.staff.reviews import open_due_review
from bot.storage.database import make_engine

log = structlog.get_logger(__name__)

access_review_jobs = Blueprint()
"""To be added under the namespace ``access_reviews``."""


@access_review_jobs.periodic(cron="23 1 * * *")
@access_review_jobs.task(name="open_due", queueing_lock="open_due_access_review", pass_context=True)
async def open_due(context: JobContext, timestamp: int) -> None:
    """Safe to run twice and on several nodes: the store has one open review at most."""
    settings, pool = parts_of(context)
    every = timedelta(days=settings.crm.access_review_days)
    within = timedelta(days=settings.crm.access_review_within_days)
    engine = make_engine(cast(str, pool.conninfo), settings)  # ours are made from text, never from a function
    try:
        async with engine.begin() as connection:
            review_id = await open_due_review(connection, every, within, datetime.now(UTC))
    finally:
        await engine.dispose()
    if review_id is not None:
        log.info("access_review.opened", review=str(review_id))

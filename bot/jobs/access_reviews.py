"""Opens the review of who has access when it is due (PR4, PR9)."""

from datetime import UTC, datetime, timedelta

import structlog
from procrastinate import Blueprint, JobContext

from bot.jobs.parts import open_engine, parts_of
from bot.staff.reviews import open_due_review

log = structlog.get_logger(__name__)

access_review_jobs = Blueprint()


@access_review_jobs.periodic(cron="23 1 * * *")
@access_review_jobs.task(name="open_due", queueing_lock="open_due_access_review", pass_context=True)
async def open_due(context: JobContext, timestamp: int) -> None:
    """Safe to run twice and on several nodes: the store has one open review at most."""
    settings, _ = parts_of(context)
    every = timedelta(days=settings.crm.access_review_days)
    within = timedelta(days=settings.crm.access_review_within_days)
    async with open_engine(context) as engine, engine.begin() as connection:
        review_id = await open_due_review(connection, every, within, datetime.now(UTC))
    if review_id is not None:
        log.info("access_review.opened", review=str(review_id))

"""Periodic jobs of the house: each is one bounded statement, safe to run twice and on several nodes."""

from datetime import timedelta

import structlog
from procrastinate import Blueprint, JobContext
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from bot.jobs.parts import open_blobs, parts_of

log = structlog.get_logger(__name__)

housekeeping = Blueprint()

MOST_BATCHES = 500

# Skips conversations that a turn is using: they are not silent. Who waits for a person (SL1) keeps waiting.
CLOSE_SILENT = """
WITH silent AS (
    SELECT id FROM bot.conversations
     WHERE closed_at IS NULL AND last_at < now() - %s AND owner = 'bot'
     ORDER BY last_at LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE bot.conversations c SET closed_at = now(), close_reason = 'silence', wake_at = NULL, fence = c.fence + 1
  FROM silent WHERE c.id = silent.id
"""
FORGET_TOKENS = "DELETE FROM bot.spent_tokens WHERE expires_at < now() - interval '1 hour'"
# Seen for a week, in the check-up and in alerts; then nobody is told of it for ever.
FORGET_FAILED_JOBS = """
DELETE FROM procrastinate_jobs j WHERE j.status = 'failed' AND NOT EXISTS (
    SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > now() - interval '7 days')
"""
FORGET_ATTEMPTS = "DELETE FROM bot.attempts WHERE at < now() - interval '1 day'"


@housekeeping.periodic(cron="*/5 * * * *")
@housekeeping.task(name="close_silent_conversations", queueing_lock="close_silent_conversations", pass_context=True)
async def close_silent_conversations(context: JobContext, timestamp: int) -> None:
    """Closes conversations after the set hours of silence; the next message opens a new one that goes on in seq."""
    settings, pool = parts_of(context)
    silence = timedelta(hours=settings.turn.close_after_silence_h)
    async with pool.connection() as connection:
        cursor = await connection.execute(CLOSE_SILENT, (silence,))
    log.info("closed silent conversations", count=cursor.rowcount)


@housekeeping.periodic(cron="17 * * * *")
@housekeeping.task(name="forget_what_has_expired", queueing_lock="forget_what_has_expired", pass_context=True)
async def forget_what_has_expired(context: JobContext, timestamp: int) -> None:
    """Removes spent tokens that have expired anyway, marks of attempts that nobody repeats, and old failed jobs."""
    _, pool = parts_of(context)
    async with pool.connection() as connection:
        await connection.execute(FORGET_TOKENS)
        await connection.execute(FORGET_ATTEMPTS)
        await connection.execute(FORGET_FAILED_JOBS)


@housekeeping.periodic(cron="41 * * * *")
@housekeeping.task(name="forget_unnamed_files", queueing_lock="forget_unnamed_files", pass_context=True)
async def forget_unnamed_files(context: JobContext, timestamp: int) -> None:
    """Removes files that were sent a day ago and that no message names."""
    blobs = open_blobs(context)
    count = 0
    for _ in range(MOST_BATCHES):
        removed = await blobs.forget_unnamed()
        count += removed
        if not removed:
            break
    log.info("forgot files that no message names", count=count)


@housekeeping.periodic(cron="* * * * *")
@housekeeping.task(name="revive_stalled_jobs", queueing_lock="revive_stalled_jobs", pass_context=True)
async def revive_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Puts jobs of killed workers back in the queue; procrastinate leaves that to its user."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        try:
            await manager.retry_job(job)
        except UniqueViolation:  # its successor is in the queue already
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
        log.warning("revived a stalled job", task=job.task_name, job=job.id)

"""Mail and text messages: delivery, and forgetting what is over."""

from datetime import timedelta
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from bot.jobs.parts import parts_of
from bot.outgoing.delivery import deliver
from bot.storage.keyring import open_keys

log = structlog.get_logger(__name__)

outgoing_jobs = Blueprint()

_FORGET_MESSAGES = "DELETE FROM bot.outgoing_messages WHERE queued_at < now() - %s"
# Two days: the limit per day counts them for one.
_FORGET_CODES = "DELETE FROM bot.confirmation_codes WHERE created_at < now() - interval '2 days'"


@outgoing_jobs.task(name="deliver", pass_context=True)
async def deliver_message(context: JobContext, message_id: str) -> None:
    """Delivers one message; the argument is its id and nothing of what it says."""
    settings, pool = parts_of(context)
    await deliver(settings, open_keys(settings), pool, UUID(message_id))


@outgoing_jobs.periodic(cron="29 3 * * *")
@outgoing_jobs.task(name="forget", queueing_lock="forget_outgoing", pass_context=True)
async def forget_outgoing(context: JobContext, timestamp: int) -> None:
    """Removes messages after ``mail.keep_days`` and codes after two days."""
    settings, pool = parts_of(context)
    async with pool.connection() as connection:
        messages = await connection.execute(_FORGET_MESSAGES, (timedelta(days=settings.mail.keep_days),))
        codes = await connection.execute(_FORGET_CODES)
    log.info("outgoing.forgotten", messages=messages.rowcount, codes=codes.rowcount)

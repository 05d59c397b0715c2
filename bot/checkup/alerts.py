"""Mails what needs a person's eye: broken or late ledgers, what is overdue, failed jobs (PR4, PR6, PR9)."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from procrastinate import Blueprint, JobContext
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.checkup.access import check_access_reviews
from bot.checkup.cases import check_cases
from bot.checkup.erasures import check_erasure_log
from bot.checkup.ledger import check_ledger
from bot.checkup.part import Part
from bot.checkup.privacy import check_privacy_requests
from bot.checkup.store import check_jobs
from bot.checkup.wechat import check_wechat
from bot.jobs.parts import open_engine, parts_of
from bot.outgoing import Outgoing
from bot.outgoing.tables import alerts
from bot.outgoing.texts import Written, write
from bot.settings import Settings
from bot.storage.keyring import open_keys

log = structlog.get_logger(__name__)

alert_jobs = Blueprint()
"""To be added under the namespace ``alerts``: it stands above the other jobs, since it uses the check-up."""

AGAIN_AFTER = timedelta(days=1)
LEDGER_MAY_LAG = timedelta(minutes=5)


@alert_jobs.periodic(cron="*/10 * * * *")
@alert_jobs.task(name="raise", queueing_lock="raise_alerts", pass_context=True)
async def raise_periodically(context: JobContext, timestamp: int) -> None:
    """Safe to run twice and on several nodes: who writes the row of an alert mails it."""
    settings, _ = parts_of(context)
    async with open_engine(context) as engine:
        await raise_alerts(settings, engine, Outgoing(settings, open_keys(settings)))


async def raise_alerts(settings: Settings, engine: AsyncEngine, outgoing: Outgoing) -> list[Part]:
    """Mails every fault that is new, has changed its kind or still stands after a day; those that were told.

    One that comes and goes is told once a day as well.

    Each mail is written down in the transaction that notes it: none is lost, none is doubled.
    """
    found = [
        *await check_jobs(engine),
        *await check_access_reviews(settings, engine),
        *await check_privacy_requests(settings, engine),
        *await check_cases(settings, engine),
        *await check_erasure_log(settings, engine),
        *(part for part in await check_wechat(settings, engine) if part.code != "wechat_refuses"),
        *(part for part in await check_ledger(settings, engine) if not _is_passing(settings, part)),
    ]
    async with engine.begin() as connection:
        well = [part.name for part in found if part.state == "ok"]
        await connection.execute(delete(alerts).where(alerts.c.part.in_(well), alerts.c.at <= func.now() - AGAIN_AFTER))
        told = [part for part in found if part.state != "ok" and await _is_news(connection, part)]
        if told:
            await outgoing.alert(connection, *_words(settings, told))
    for part in told:
        log.warning("alert.raised", part=part.name, code=part.code)
    return told


async def _is_news(connection: AsyncConnection, part: Part) -> bool:
    new = insert(alerts).values(part=part.name, code=part.code, at=func.now())
    put = new.on_conflict_do_update(
        index_elements=["part", "code"],
        set_={"at": new.excluded.at},
        where=alerts.c.at <= func.now() - AGAIN_AFTER,
    )
    return (await connection.execute(put.returning(alerts.c.part))).one_or_none() is not None


def _is_passing(settings: Settings, part: Part) -> bool:
    """A restart, a moment without the database: the sequencer makes up for it by itself."""
    age = float(str(part.values.get("age", 0)))
    return part.code == "ledger_behind" and age <= settings.crm.unlinked_s + LEDGER_MAY_LAG.total_seconds()


def _words(settings: Settings, told: Sequence[Part]) -> Written:
    locale = settings.mail.alerts_locale
    lines = ["\n".join(filter(None, part.words(locale))) for part in told]
    link = f"{settings.base_url}/console/status"
    return write("alert", "mail", locale, count=len(told), faults="\n\n".join(lines), link=link)

"""Deadlines of cases become tasks, once each, before they pass and when they have (SL1, SL2, SL8).

The deadlines stand in the cases, and what was raised in the tasks: nothing depends on a process that lives on.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

import structlog
import yaml
from procrastinate import Blueprint, JobContext
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.customers import open_crm
from bot.jobs.parts import open_engine, parts_of
from bot.settings import Locale, Settings
from bot.storage.keyring import open_keys
from crm_adapter.encryption import Keys
from crm_adapter.port import CrmFault
from crm_adapter.records.service import CaseDue, NewTask
from crm_adapter.rights.working_days import ZONE
from crm_adapter.service.deadlines import met_tasks

log = structlog.get_logger(__name__)

deadline_jobs = Blueprint()

BY = "system:deadlines"


@deadline_jobs.periodic(cron="*/5 * * * *")
@deadline_jobs.task(name="raise", queueing_lock="raise_deadlines", pass_context=True)
async def raise_periodically(context: JobContext, timestamp: int) -> None:
    """Safe to run twice and on several nodes: a task's key names its case, clock, deadline and stage."""
    settings, _ = parts_of(context)
    async with open_engine(context) as engine:
        raised, closed = await raise_deadlines(settings, engine, open_keys(settings), datetime.now(UTC))
    if raised or closed:
        log.info("deadlines.raised", raised=raised, closed=closed)


async def raise_deadlines(settings: Settings, engine: AsyncEngine, keys: Keys, now: datetime) -> tuple[int, int]:
    """How many deadlines are near or over (each has its task now), and how many tasks were done with.

    A case that cannot be handled does not keep the others from theirs.
    """
    store, own, locale = open_crm(settings, engine, keys), settings.service.cases, settings.mail.alerts_locale
    due = await store.due_cases(now, timedelta(hours=own.first_soon_h), timedelta(days=own.final_soon_days))
    for one in due:
        kind = f"{'overdue' if one.due_at <= now else 'soon'}_{one.clock}"
        try:
            await store.add_task(f"{kind}:{one.case_id}:{one.due_at.isoformat()}", _task(one, kind, locale))
        except CrmFault as fault:
            log.warning("deadline.not_raised", case=str(one.case_id), reason=type(fault).__name__)
    async with engine.connect() as connection:
        met = await met_tasks(connection, BY)
    closed = 0
    for task_id in met:
        try:
            await store.close_task(task_id, "done", BY, _texts()["done"][locale])
        except CrmFault as fault:  # somebody was faster
            log.info("deadline.not_closed", task=str(task_id), reason=type(fault).__name__)
        else:
            closed += 1
    return len(due), closed


def _task(due: CaseDue, kind: str, locale: Locale) -> NewTask:
    day = f"{due.due_at.astimezone(ZONE):%Y-%m-%d %H:%M}"
    return NewTask(
        contact_id=due.contact_id,
        kind=kind,
        subject=_texts()[kind][locale].format(number=due.number, due=day),
        due_at=due.due_at,
        by=BY,
        owner_id=due.owner_id,
        case_id=due.case_id,
    )


@cache
def _texts() -> dict[str, dict[Locale, str]]:
    loaded: dict[str, dict[Locale, str]] = yaml.safe_load(
        (files("bot.jobs") / "deadlines.yml").read_text(encoding="utf-8")
    )
    return loaded

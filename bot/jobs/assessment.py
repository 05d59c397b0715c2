"""Re-assesses customers by the rules: everybody at night, on events whom they concern (CP5-CP7)."""

import structlog
from procrastinate import Blueprint, JobContext

from bot.jobs.parts import open_engine, parts_of
from bot.storage.keyring import open_keys
from crm_adapter.customers.feed import SqlFeed
from crm_adapter.policy import Policy
from crm_adapter.value.following import assess_everybody, follow_changes
from crm_adapter.value.rules_file import RulesFault, load_rules, rules_in_force

log = structlog.get_logger(__name__)

assessment_jobs = Blueprint()

MOST_PAGES = 100
"""How much of the feed one run reads; the next one, a minute later, goes on."""


@assessment_jobs.periodic(cron="11 19 * * *")  # 03:11 in China
@assessment_jobs.task(name="everybody", queueing_lock="assess_everybody", pass_context=True)
async def everybody(context: JobContext, timestamp: int) -> None:
    """Computes everybody's figures, class, stage and tags anew, in batches; broken off, it may simply run again.

    With a faulty rules file nobody is assessed: the job fails, and the log says where the file is wrong.
    """
    settings, _ = parts_of(context)
    try:
        rules = load_rules(settings.crm.rules_file)
    except RulesFault as fault:
        log.error("assessment.rules_faulty", fault=str(fault))
        raise
    async with open_engine(context) as engine:
        batches, changed = await assess_everybody(engine, rules)
    log.info("assessment.done", batches=batches, changed=changed)


@assessment_jobs.periodic(cron="* * * * *")
@assessment_jobs.task(name="follow", queueing_lock="assessment_follow", pass_context=True)
async def follow(context: JobContext, timestamp: int) -> None:
    """Assesses who is new, was merged or parted; orders and tags need no following, they assess at once."""
    settings, _ = parts_of(context)
    rules = rules_in_force(settings.crm.rules_file)
    async with open_engine(context) as engine:
        feed = SqlFeed(engine, open_keys(settings), Policy())
        for _ in range(MOST_PAGES):
            async with engine.begin() as connection:
                if await follow_changes(connection, feed, rules) is None:
                    return

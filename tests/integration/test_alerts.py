"""What needs a person's eye is mailed: when it is new, and once a day as long as it stands."""

import asyncio

import pytest
from sqlalchemy import text

from bot.checkup.alerts import alert_jobs, raise_alerts
from bot.checkup.privacy import check_privacy_requests
from bot.jobs import make_jobs
from bot.outgoing import Outgoing
from bot.outgoing.listing import list_shown
from bot.settings import Mail
from crm_adapter.policy import Policy
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.sql_store import SqlStore
from tests.integration.privacy_customers import NOW, make_customer

FAILED_JOB = text(
    "INSERT INTO procrastinate_jobs (task_name, queue_name, lock, args, status) "
    "VALUES ('outgoing:deliver', 'default', :lock, '{}', 'failed')"
)


@pytest.fixture
def with_alerts(settings):
    return settings.model_copy(update={"mail": Mail(alerts=["ops@example.com"], alerts_locale="en")})


async def do(engine, statement, **values):
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)


async def raised(settings, engine, keys) -> list[str]:
    return [part.code for part in await raise_alerts(settings, engine, Outgoing(settings, keys))]


async def test_an_overdue_request_is_told_once_a_day_until_it_is_answered(engine, keys, with_alerts):
    store = SqlStore(engine, keys, Policy())
    customer = await make_customer(store, engine, keys)
    new = NewPrivacyRequest(customer.contact_id, "view", "customer", NOW, None, customer.identity_id)
    request = await store.open_privacy_request(new)
    await do(engine, "DELETE FROM crm.unlinked")
    await do(engine, "UPDATE crm.privacy_requests SET due_at = now() + interval '30 days'")
    assert await raised(with_alerts, engine, keys) == []
    await do(engine, "UPDATE crm.privacy_requests SET due_at = now() - interval '1 hour'")
    assert await raised(with_alerts, engine, keys) == ["privacy_overdue"]
    assert await raised(with_alerts, engine, keys) == []
    await do(engine, "UPDATE bot.alerts SET at = now() - interval '25 hours'")
    assert await raised(with_alerts, engine, keys) == ["privacy_overdue"]
    await store.refuse_privacy_request(request.id, "the reason", "staff:x", NOW)
    assert await raised(with_alerts, engine, keys) == []
    (part,) = await check_privacy_requests(with_alerts, engine)
    assert (part.state, part.code) == ("ok", "privacy_in_time")
    await do(engine, "UPDATE bot.alerts SET at = now() - interval '25 hours'")
    assert await raised(with_alerts, engine, keys) == []
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM bot.alerts"))).scalar_one() == 0


async def test_ledgers_and_jobs_are_told_in_one_mail(engine, keys, with_alerts):
    await do(
        engine,
        "INSERT INTO crm.unlinked (chain, event_id, at) VALUES ('c', gen_random_uuid(), now() - interval '6 minutes')",
    )
    async with engine.begin() as connection:
        await connection.execute(FAILED_JOB, {"lock": "one"})
    assert await raised(with_alerts, engine, keys) == ["jobs_failed", "ledger_behind"]
    async with engine.connect() as connection:
        count = await connection.execute(text("SELECT count(*) FROM bot.outgoing_messages WHERE purpose = 'alert'"))
        assert count.scalar_one() == 1
        (shown,) = await list_shown(connection, keys)
    assert shown.letter.written.subject == "Yingda: 2 thing(s) need a person's eye"
    assert "1 job(s) failed" in shown.letter.written.text
    assert "/console/status" in shown.letter.written.text


async def test_two_nodes_at_once_mail_once(engine, keys, with_alerts):
    async with engine.begin() as connection:
        await connection.execute(FAILED_JOB, {"lock": "one"})
    told = await asyncio.gather(*(raised(with_alerts, engine, keys) for _ in range(4)))
    assert sorted(told) == [[], [], [], ["jobs_failed"]]


async def test_the_job_raises_and_old_failures_are_forgotten(addresses, engine, settings, pool):
    async with engine.begin() as connection:
        for lock in ("old", "new"):
            await connection.execute(FAILED_JOB, {"lock": lock})
        await connection.execute(
            text(
                "INSERT INTO procrastinate_events (job_id, type, at) SELECT id, 'failed', "
                "now() - CASE lock WHEN 'old' THEN interval '8 days' ELSE interval '1 day' END FROM procrastinate_jobs"
            )
        )
        await connection.execute(text("DELETE FROM procrastinate_events WHERE type <> 'failed'"))
    jobs = make_jobs(addresses.application_url, settings, {"alerts": alert_jobs})
    async with jobs.open_async():
        for name in ("alerts:raise", "house:forget_what_has_expired"):
            await jobs.tasks[name].defer_async(timestamp=0)
        await jobs.run_worker_async(
            wait=False, install_signal_handlers=False, additional_context={"settings": settings, "pool": pool}
        )
    async with engine.connect() as connection:
        left = await connection.execute(text("SELECT lock FROM procrastinate_jobs WHERE status = 'failed'"))
        assert left.scalars().all() == ["new"]
        assert (await connection.execute(text("SELECT code FROM bot.alerts"))).scalars().all() == ["jobs_failed"]

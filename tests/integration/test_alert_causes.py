"""Every cause that is mailed, by itself: ids and counts only, once a day, also from two processes."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.checkup.alerts import raise_alerts
from bot.checkup.part import Part
from bot.outgoing import Outgoing
from bot.outgoing.listing import list_shown
from bot.settings import LOCALES, Mail
from crm_adapter.policy import Policy
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.rights.erasure_log import complete
from crm_adapter.rights.working_days import WorkingDays
from crm_adapter.sql_store import SqlStore
from tests.integration.privacy_customers import NAME, NOW, PHONE, STAFF, make_customer
from tests.integration.test_outgoing_pages import ask

LATE_EVENT = (
    "INSERT INTO crm.unlinked (chain, event_id, at) "
    "VALUES ('access', gen_random_uuid(), now() - CAST(:age AS interval))"
)
PROOF = (
    "INSERT INTO crm.verifications (id, chain, at, length, fault, position) "
    "VALUES (gen_random_uuid(), 'access', now(), 9, :fault, :position)"
)
FAILED_JOB = (
    "INSERT INTO procrastinate_jobs (task_name, queue_name, args, status) "
    "VALUES ('outgoing:deliver', 'default', '{}', 'failed')"
)
OLD_ACCOUNT = (
    "INSERT INTO bot.staff (id, name, display_name, roles, created_at) "
    "VALUES (gen_random_uuid(), 'mei', 'Mei', '{agent}', now() - interval '200 days')"
)
ANOTHER = """
import asyncio, sys
from bot.checkup.alerts import raise_alerts
from bot.outgoing import Outgoing
from bot.settings import read_settings
from bot.storage.database import make_engine
from bot.storage.keyring import open_keys

async def work():
    settings = read_settings()
    engine = make_engine(settings.database_url.get_secret_value(), settings)
    outgoing = Outgoing(settings, open_keys(settings))
    print("ready", flush=True)
    sys.stdin.readline()
    print(len(await raise_alerts(settings, engine, outgoing)))
    await engine.dispose()

asyncio.run(work())
"""


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"mail": Mail(alerts=["ops@example.com"], alerts_locale="en")})


@pytest.fixture
def tell(settings, engine, keys):
    async def told() -> list[str]:
        return [part.code for part in await raise_alerts(settings, engine, Outgoing(settings, keys))]

    return told


@pytest.fixture
def do(engine):
    async def done(statement, **values):
        async with engine.begin() as connection:
            await connection.execute(text(statement), values)

    return done


async def letters(engine, keys):
    async with engine.connect() as connection:
        return [one.letter for one in await list_shown(connection, keys) if one.noted.purpose == "alert"]


async def test_nothing_is_wrong_and_nobody_is_told(tell, engine, keys):
    assert await tell() == []
    assert await letters(engine, keys) == []


async def test_a_request_due_within_two_working_days_and_then_overdue(tell, do, engine, keys):
    store = SqlStore(engine, keys, Policy())
    customer = await make_customer(store, engine, keys)
    new = NewPrivacyRequest(customer.contact_id, "view", "customer", NOW, None, customer.identity_id)
    await store.open_privacy_request(new)
    await do("DELETE FROM crm.unlinked")
    days, now = WorkingDays(), datetime.now(UTC)
    await do("UPDATE crm.privacy_requests SET due_at = :at", at=days.deadline(now, 3).at)
    assert await tell() == []
    await do("UPDATE crm.privacy_requests SET due_at = :at", at=days.deadline(now, 2).at)
    assert await tell() == ["privacy_due_soon"]
    assert await tell() == []
    await do("UPDATE crm.privacy_requests SET due_at = :at", at=now - timedelta(minutes=1))
    assert await tell() == ["privacy_overdue"]
    sent = "".join(letter.written.text for letter in await letters(engine, keys))
    assert "1 request(s)" in sent
    assert not any(word in sent for word in (NAME, PHONE, str(customer.contact_id)))


async def test_a_ledger_that_lags_is_told_after_five_minutes(tell, do):
    await do(LATE_EVENT, age=timedelta(minutes=4))
    assert await tell() == []
    await do(LATE_EVENT, age=timedelta(minutes=6))
    assert await tell() == ["ledger_behind"]


async def test_what_comes_and_goes_is_told_once_a_day(tell, do):
    for expected in (["ledger_behind"], [], []):
        await do(LATE_EVENT, age=timedelta(minutes=6))
        assert await tell() == expected
        await do("DELETE FROM crm.unlinked")
        assert await tell() == []
    await do("UPDATE bot.alerts SET at = now() - interval '25 hours'")
    await do(LATE_EVENT, age=timedelta(minutes=6))
    assert await tell() == ["ledger_behind"]


async def test_a_broken_chain_until_a_proof_succeeds(tell, do, engine, keys):
    await do(PROOF, fault="hash", position=7)
    assert await tell() == ["ledger_broken"]
    (letter,) = await letters(engine, keys)
    assert "access" in letter.written.text
    assert "7" in letter.written.text
    await do(PROOF, fault=None, position=None)
    await do("UPDATE bot.alerts SET at = now() - interval '25 hours'")
    assert await tell() == []


async def test_a_failed_job_and_an_overdue_review_of_access(tell, do):
    await do(FAILED_JOB)
    assert await tell() == ["jobs_failed"]
    await do(OLD_ACCOUNT)
    assert await tell() == ["access_review_overdue"]


async def test_an_erasure_that_is_not_in_the_logs_file(tell, do, settings, engine, keys):
    store = SqlStore(engine, keys, Policy())
    customer = await make_customer(store, engine, keys)
    await store.erase(customer.contact_id, STAFF, "asked for it", datetime.now(UTC))
    await do("DELETE FROM crm.unlinked")
    assert await tell() == []  # the job that completes the file runs every five minutes
    late = NOW - timedelta(days=1)
    other = await make_customer(store, engine, keys, phone="+8613900139000")
    await store.erase(other.contact_id, STAFF, "asked for it", late)
    await do("DELETE FROM crm.unlinked")
    assert await tell() == ["erasure_log_behind"]
    (letter,) = await letters(engine, keys)
    assert "1 erasure(s) are missing" in letter.written.text
    assert str(other.contact_id) not in letter.written.text
    path = settings.var_dir / "erasures.jsonl"
    async with engine.connect() as connection:
        await complete(connection, path)
    await do("DELETE FROM bot.alerts")
    assert await tell() == []
    path.write_text("not an entry\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert await tell() == ["erasure_log_damaged"]


async def test_two_processes_at_once_mail_once(addresses, settings, do, engine, keys):
    await do(FAILED_JOB)
    environment = {
        **os.environ,
        "YINGDA_DATABASE_URL": addresses.application_url,
        "YINGDA_VAR_DIR": str(settings.var_dir),
        "YINGDA_KEYS__RING": settings.keys.ring.get_secret_value(),
        "YINGDA_MAIL__ALERTS": json.dumps(settings.mail.alerts),
    }
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            ANOTHER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        for _ in range(2)
    ]
    async with asyncio.timeout(60):
        for one in both:
            assert await one.stdout.readline() == b"ready\n"
        told = await asyncio.gather(*(one.communicate(b"\n") for one in both))
    assert sorted(int(out.splitlines()[-1]) for out, _ in told) == [0, 1]
    assert len(await letters(engine, keys)) == 1


async def test_without_a_provider_the_developers_page_shows_it(tell, do, settings, engine):
    await do(FAILED_JOB)
    await tell()
    status, page, _ = await ask(settings, engine)
    assert status == 200
    assert "ops@example.com" in page
    assert "1 job(s) failed" in page


def test_every_cause_has_its_words_in_three_languages():
    values = {"count": 1, "since": "2026-11-20", "until": "2026-11-20", "failed": 1, "age": 9}
    place = {"chain": "access", "fault": "hash", "position": 7}
    codes = ("privacy_due_soon", "privacy_overdue", "ledger_behind", "ledger_broken", "jobs_failed")
    more = ("access_review_overdue", "erasure_log_behind", "erasure_log_damaged")
    told = {Part("x", "failed", code, values | place).words(locale) for code in codes + more for locale in LOCALES}
    assert len(told) == 8 * 3
    assert all(detail and mend and "{" not in detail + mend for detail, mend in told)

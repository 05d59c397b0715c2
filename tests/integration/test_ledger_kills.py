"""Whole processes that link are killed in the middle of it, two at a time: the chain stays whole, nothing waits."""

import asyncio
import os
import subprocess
import sys

import psycopg
import pytest
from sqlalchemy import text

from bot.rehearsal.keys import ENVIRONMENT
from crm_adapter.ledger.sequencer import read_backlog
from tests.integration.consent_store import choice, consents_of, new_contact
from tests.servers import ROOT, LiveServer

pytestmark = pytest.mark.heavy

LINKING = "SELECT count(*) FROM pg_locks WHERE relation = 'crm.ledger_links'::regclass AND NOT granted"


async def test_two_sequencers_are_killed_in_the_middle_of_linking(engine, keys, addresses, tmp_path):
    workers = [LiveServer(addresses, tmp_path, command="worker") for _ in range(2)]
    store, contacts = consents_of(engine, keys), [await new_contact(engine, keys) for _ in range(4)]
    recorded, enough = [], asyncio.Event()

    async def write(contact) -> None:
        while not enough.is_set():
            recorded.append((await store.record_consent(choice(contact))).event_id)
            await asyncio.sleep(0.05)

    async def until(ask) -> None:
        while not await ask():  # noqa: ASYNC110 (the store has no event to wait for)
            await asyncio.sleep(0.02)

    async def nothing_waits() -> bool:
        return not (await read_backlog(engine)).count

    try:
        async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
            writers = [tasks.create_task(write(contact)) for contact in contacts]
            for worker in workers:
                worker.start(wait=False)
            async with await psycopg.AsyncConnection.connect(addresses.owner_url) as holding:
                await holding.execute("LOCK TABLE crm.ledger_links IN SHARE MODE")

                async def is_linking() -> bool:
                    return await (await holding.execute(LINKING)).fetchone() == (1,)

                await until(is_linking)
                for worker in workers:
                    worker.kill()
            enough.set()
            await asyncio.gather(*writers)
            workers[0].start(wait=False)
            await until(nothing_waits)
    finally:
        for worker in workers:
            worker.kill()

    async with engine.connect() as connection:
        links = (await connection.execute(text("SELECT position, event_id FROM crm.ledger_links ORDER BY 1"))).all()
    assert [link.position for link in links] == list(range(1, len(recorded) + 1))
    assert {link.event_id for link in links} == set(recorded)
    proving = subprocess.run(  # noqa: ASYNC221 - nothing else runs here any more
        [sys.executable, "-m", "bot", "consent", "verify"],
        cwd=ROOT,
        env={
            **os.environ,
            **ENVIRONMENT,
            "YINGDA_DATABASE_URL": addresses.application_url,
            "YINGDA_OWNER_DATABASE_URL": addresses.owner_url,
            "YINGDA_VAR_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert proving.returncode == 0, proving.stdout + proving.stderr
    assert f"{len(recorded)} link(s) proven, 0 broken" in proving.stdout

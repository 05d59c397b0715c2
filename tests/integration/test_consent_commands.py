"""``yingda consent``, the status page's part about the ledgers, and the sequencer of a running server."""

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from bot.checkup.ledger import check_ledger
from bot.customers import open_crm
from bot.faults import StartFault
from bot.jobs import show_backlog
from bot.jobs.ledger import prove_all_chains, sign_checkpoints
from bot.metrics import UNLINKED, UNLINKED_SECONDS
from bot.storage.database import make_engine
from crm_adapter.encryption import Keys
from crm_adapter.ledger.health import read_health
from crm_adapter.ledger.proof import keep_proofs, prove_chains
from crm_adapter.ledger.sequencer import Backlog, link_all
from tests.integration.consent_store import as_superuser, choice, new_contact
from tests.integration.test_commands import Shell, clean, folder, yingda
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

__all__ = ["clean", "folder", "yingda"]


def record(addresses, settings, keys: Keys, *events: str) -> str:
    """A contact whose choices these are; nothing is linked yet."""

    async def run() -> str:
        engine = make_engine(addresses.application_url, settings)
        try:
            contact = await new_contact(engine, keys)
            for event in events:
                await open_crm(settings, engine, keys).record_consent(choice(contact, event))
            return str(contact)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def test_proof_checkpoints_rebuild_and_show(yingda: Shell, addresses, settings, keys, tmp_path) -> None:
    ring = {"YINGDA_KEYS__RING": keys.ring.document(), "YINGDA_DATABASE_URL": addresses.application_url}
    ring["YINGDA_OWNER_DATABASE_URL"] = addresses.owner_url
    contact = record(addresses, settings, keys, "granted", "withdrawn")
    file = tmp_path / "checkpoints.jsonl"
    signed = yingda("consent", "checkpoint", "--export", str(file), **ring)
    assert signed.returncode == 0, signed.stderr
    assert [json.loads(line)["position"] for line in file.read_text().splitlines()] == [2]
    proven = yingda("consent", "verify", "--checkpoints", str(file), **ring)
    assert proven.returncode == 0, proven.stdout + proven.stderr
    assert "2 links, proven" in proven.stdout
    shown = yingda("consent", "show", contact, **ring)
    assert shown.returncode == 0, shown.stderr
    assert "care_messages  *  withdrawn" in shown.stdout
    assert "同意，我叫韩梅梅" in shown.stdout
    assert yingda("consent", "show", "nobody", **ring).returncode == 1
    assert yingda("consent", "rebuild", **ring).stdout.startswith("the projection was right")
    as_superuser(addresses.owner_url, "DELETE FROM crm.consents")
    assert yingda("consent", "rebuild", **ring).stdout.startswith("1 row(s) mended")
    file.write_text("no checkpoint\n")
    assert "line 1" in yingda("consent", "verify", "--checkpoints", str(file), **ring).stderr
    with psycopg.connect(addresses.owner_url) as connection:
        (victim,) = connection.execute("SELECT id FROM crm.consent_events ORDER BY id LIMIT 1").fetchone()
    as_superuser(addresses.owner_url, f"UPDATE crm.consent_events SET actor = 'system:forged' WHERE id = '{victim}'")
    broken = yingda("consent", "verify", **ring)
    assert broken.returncode == 1
    assert f"position 1 event {victim}" in broken.stdout
    assert "was changed" in broken.stdout


async def test_the_status_page_tells_of_lag_and_of_a_broken_chain(engine, keys, settings, addresses) -> None:
    async def part() -> str:
        (one,) = await check_ledger(settings, engine)
        for locale in ("zh-Hans", "zh-Hant", "en"):
            detail, mend = one.words(locale)
            assert detail
            assert bool(mend) is (one.state != "ok")
        return one.code

    assert await part() == "ledger_ok"
    contact = await new_contact(engine, keys)
    await open_crm(settings, engine, keys).record_consent(choice(contact))
    assert await part() == "ledger_ok", "seconds are fine"
    as_superuser(addresses.owner_url, "UPDATE crm.unlinked SET at = at - interval '1 hour'")
    assert await part() == "ledger_behind"
    await link_all(engine, keys)
    assert await part() == "ledger_ok"
    as_superuser(addresses.owner_url, "UPDATE crm.consent_events SET method = 'forged'")
    assert await part() == "ledger_ok", "nobody has looked yet"
    await keep_proofs(engine, await prove_chains(engine, keys.signing_key.public_key()))
    assert await part() == "ledger_broken"


async def test_the_jobs_sign_checkpoints_and_prove_the_chains(engine, pool, keys, settings, addresses) -> None:
    context: Any = SimpleNamespace(additional_context={"settings": settings, "pool": pool})
    contact = await new_contact(engine, keys)
    await open_crm(settings, engine, keys).record_consent(choice(contact))
    await sign_checkpoints(context, 0)
    await prove_all_chains(context, 0)
    (chain,) = (await read_health(engine)).chains
    assert (chain.length, chain.checkpoint, chain.proven, chain.fault) == (1, 1, 1, None)
    as_superuser(addresses.owner_url, "UPDATE crm.ledger_links SET hash = sha256('x')")
    await prove_all_chains(context, 0)
    (chain,) = (await read_health(engine)).chains
    assert (chain.fault, chain.fault_position) == ("hash_wrong", 1)


def test_a_faulty_purposes_file_keeps_the_program_from_starting(engine, keys, settings, tmp_path) -> None:
    (tmp_path / "mine.yml").write_text("purposes: {}\n", encoding="utf-8")
    crm = settings.crm.model_copy(update={"purposes_file": tmp_path / "mine.yml"})
    with pytest.raises(StartFault, match=r"mine\.yml cannot be used") as caught:
        open_crm(settings.model_copy(update={"crm": crm}), engine, keys)
    assert "rights: Field required" in str(caught.value)


def test_the_figures_of_what_waits() -> None:
    show_backlog(Backlog(7, 2.5))
    assert (UNLINKED._value.get(), UNLINKED_SECONDS._value.get()) == (7, 2.5)
    show_backlog(Backlog(0, 0.0))


def test_a_running_server_links_within_seconds(live_server: LiveServer, demo_addresses, settings, keys) -> None:
    record(demo_addresses, settings, keys, "granted", "withdrawn")
    deadline = time.monotonic() + settings.crm.unlinked_s
    with psycopg.connect(demo_addresses.owner_url, autocommit=True) as connection:
        while True:
            linked = connection.execute("SELECT count(*) FROM crm.ledger_links WHERE chain LIKE 'consent:%'").fetchone()
            if linked == (2,):
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)

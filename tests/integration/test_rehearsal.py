"""``yingda doctor --deep``: its scenarios hold here, and its audit notices what is broken."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psycopg
import pytest

from bot.rehearsal import rehearse
from bot.rehearsal.audit import ANSWERED_ONCE, NO_MARKS, RULES, audit, broken, compare
from bot.rehearsal.keeper import kept_server
from bot.rehearsal.scenarios import SCENARIOS
from bot.rehearsal.session import Session
from bot.rehearsal.thread import PromiseBroken, ThreadCopy
from bot.rehearsal.visitors import PlainVisitor
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from tests.servers import short_folder

pytestmark = pytest.mark.heavy

NEW_CONTACT = """
    INSERT INTO crm.contacts (id, root_id, key_id, locale)
    SELECT id, id, id, 'en' FROM (SELECT gen_random_uuid() AS id) new"""
BREAKAGES = {
    "a thread's seq has no gap": "UPDATE bot.messages SET seq = seq + 100 WHERE seq > 3",
    "a conversation's last_seq": "UPDATE bot.conversations SET last_seq = last_seq + 1",
    "a conversation goes on": "UPDATE bot.conversations SET first_seq = 1",
    "a conversation has messages": """
        INSERT INTO bot.conversations (id, identity_id, channel, account, locale, closed_at)
        SELECT gen_random_uuid(), identity_id, channel, account, locale, now() FROM bot.conversations""",
    "the inbox names every": "DELETE FROM bot.inbox WHERE message_id IN (SELECT id FROM bot.messages WHERE seq = 1)",
    "an answer follows its question": "UPDATE bot.messages SET in_reply_to = NULL WHERE seq = 2",
    "the outbox has every outbound": "DELETE FROM bot.outbox WHERE seq = 2",
    "every message is an interaction": "DELETE FROM crm.interactions WHERE direction = 'in'",
    "a contact has an identity": NEW_CONTACT,
    "every message is answered exactly once": "UPDATE bot.messages SET in_reply_to = NULL WHERE seq = 5",
    "no mark of an attempt": "INSERT INTO bot.attempts (account, blind) SELECT account, blind FROM bot.inbox",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = short_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
async def test_every_scenario_holds_within_minutes(folder: Path) -> None:
    lines: list[str] = []
    started = time.monotonic()
    results = await rehearse(folder, lines.append)
    assert [result.name for result in results] == list(SCENARIOS)
    assert all(result.ok for result in results), results
    assert time.monotonic() - started < 240, "a minute on a quiet machine"
    assert len(lines) == 1 + len(SCENARIOS)


async def test_a_rehearsal_without_a_stage_says_so(folder: Path) -> None:
    (folder / "pg").mkdir()
    (folder / "pg" / "something").write_text("else")
    results = await rehearse(folder, lambda line: None)
    assert [(result.name, result.ok) for result in results] == [("the stage", False)]
    assert "EmbeddedPostgresError" in results[0].detail


async def test_the_audit_notices_each_way_to_break_the_store(
    nursery: Path, addresses: Addresses, pool: Pool, tmp_path: Path
) -> None:
    async with kept_server(nursery, addresses, tmp_path) as server, aiohttp.ClientSession() as http:
        visitor = PlainVisitor(Session(http, [server.url]))
        for number in range(3):
            await visitor.say(f"note {number}", client_msg_id=("first", "second", "third")[number])
    assert await audit(pool, no_marks=True) == []
    assert await compare(pool, visitor) == []

    rules = {**RULES, **ANSWERED_ONCE, **NO_MARKS}
    async with await psycopg.AsyncConnection.connect(addresses.owner_url, autocommit=True) as connection:
        for rule, breakage in BREAKAGES.items():
            await connection.execute("BEGIN")
            await connection.execute(breakage.encode())
            noticed = await broken(connection, rules)
            await connection.execute("ROLLBACK")
            assert any(rule in fault for fault in noticed), (rule, noticed)
        await connection.execute("UPDATE bot.messages SET sealed_body = sealed_body || '!' WHERE seq = 2")
    assert len(await compare(pool, visitor)) == 1


def test_a_copy_notices_gaps_changes_and_a_thread_without_a_beginning() -> None:
    copy = ThreadCopy()
    with pytest.raises(PromiseBroken):
        copy.add({"seq": 2})
    copy.add({"seq": 1, "body": "a"})
    copy.add({"seq": 1, "body": "a"})
    with pytest.raises(PromiseBroken):
        copy.add({"seq": 1, "body": "b"})
    with pytest.raises(PromiseBroken):
        copy.add({"seq": 3})

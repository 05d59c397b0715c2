"""An answer that could not be given in time at the last try goes out another way, once."""

import psycopg
import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import Wechat

pytestmark = pytest.mark.heavy

ONE_TRY = '{"push_try_s": 1, "push_tries": 1}'
SLOW = """
CREATE FUNCTION bot.be_slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON bot.outbox FOR EACH ROW
    WHEN (NEW.route = 'passive' AND OLD.route IS NULL) EXECUTE FUNCTION bot.be_slow()
"""
"""To write down that an answer is given takes longer than WeChat waits."""


async def test_what_was_written_down_too_late_is_taken_back(phones: Wechat, demo_addresses: Addresses) -> None:
    with psycopg.connect(demo_addresses.owner_url, autocommit=True) as owner:
        owner.execute(SLOW)
    await phones.user()
    await phones.emulator.control("PATCH", "/delivery", {"tries": 1})
    with phones.server(account=ONE_TRY) as server:
        await phones.push_to(server)
        push = await phones.do("li", "text", content="你们几点营业？")
        await phones.until("SELECT 1 FROM bot.outbox HAVING count(*) > 0 AND bool_and(state = 'sent')")
        shown = await phones.shown(wait=5)
    assert push["outcome"] == "silent", push
    rows = phones.rows("SELECT state, route, reply_to FROM bot.outbox")
    assert set(rows) == {("sent", "service", None)}
    assert [how for how, _ in shown] == ["custom"] * len(rows)

"""An access token that ends while 200 lines go out is replaced once; a refusal that lasts is told."""

import urllib.request

import pytest

from tests.integration.wechat_edge.phones import Wechat
from tests.integration.wechat_edge.test_service import SENDING
from tests.integration.wechat_edge.test_windows import PATIENT
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

STABLE = "/cgi-bin/stable_token"
LINES = 200
# The last line of each customer is to go out once more, by the way that needs a token.
AGAIN = """
UPDATE bot.outbox SET state = 'queued', route = NULL, reply_to = NULL, reply_part = NULL, settled_at = NULL,
       lease_until = NULL, parts = 0, due_at = now()
 WHERE message_id IN (SELECT DISTINCT ON (conversation_id) message_id FROM bot.outbox
                       ORDER BY conversation_id, seq DESC)
   AND conversation_id IN (SELECT id FROM bot.conversations ORDER BY id LIMIT {})
RETURNING 1
"""
ENDS = "SELECT state, route, reason, error_code, count(*) FROM bot.outbox GROUP BY 1, 2, 3, 4 ORDER BY 1, 2"


async def all_written(phones: Wechat) -> None:
    """So many followers have written and were answered: each may be sent to."""
    await phones.emulator.control("POST", "/users", {"count": LINES, "prefix": "u", "follow": ["care"]})
    acts = [
        {"user": f"u{number + 1}", "act": "text", "body": {"content": "你们几点营业？"}, "after": number / 100}
        for number in range(LINES)
    ]
    await phones.emulator.control("POST", "/acts", {"acts": acts})
    assert (await phones.emulator.control("GET", "/idle?wait=60"))["idle"]
    assert (await phones.emulator.control("GET", "/statistics"))["outcomes"] == {"answered": LINES}


async def by_service(phones: Wechat) -> int:
    """How many lines the phones show that went out by themselves."""
    return int((await phones.emulator.control("GET", "/statistics"))["shown"].get("custom", 0))


async def ended_in_the_middle(phones: Wechat) -> None:
    await all_written(phones)
    assert len(phones.rows(AGAIN.format(1))) == 1
    await phones.until("SELECT 1 FROM bot.outbox WHERE route = 'service' AND state = 'sent'")
    assert await phones.emulator.calls(STABLE) == [0]
    await phones.emulator.fault("latency", SENDING, seconds=0.2)
    assert len(phones.rows(AGAIN.format(LINES))) == LINES
    await phones.until("SELECT 1 FROM bot.outbox WHERE route = 'service' AND state = 'sent' HAVING count(*) > 20")
    await phones.emulator.control("POST", "/accounts/care/revoke-tokens", {})
    await phones.until("SELECT 1 WHERE NOT EXISTS (SELECT FROM bot.outbox WHERE state <> 'sent')", 60)
    calls = await phones.emulator.calls(SENDING)
    assert calls.count(0) == LINES + 1
    assert set(calls) == {0, 40001}
    assert await phones.emulator.calls(STABLE) == [0, 0]
    assert await by_service(phones) == LINES + 1


async def test_a_token_that_ends_while_200_lines_go_out_is_replaced_once(phones: Wechat) -> None:
    with phones.server(account=PATIENT) as server:
        await phones.push_to(server)
        await ended_in_the_middle(phones)


async def test_two_servers_replace_it_once_between_them(phones: Wechat) -> None:
    with phones.server(account=PATIENT) as one, phones.server("two", account=PATIENT):
        await phones.push_to(one)
        await ended_in_the_middle(phones)
    attempts = phones.rows("SELECT attempts, count(*) FROM bot.outbox WHERE route = 'service' GROUP BY 1")
    assert {number for number, _ in attempts} <= {1, 2}  # each line was begun once, one of them had gone out before


def metric(server: LiveServer, line: str) -> float:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=20) as response:
        found = [one for one in response.read().decode().splitlines() if one.startswith(line)]
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


async def test_a_refusal_that_lasts_is_tried_once_more_and_told(phones: Wechat) -> None:
    lines = 20
    refused = "SELECT 1 FROM bot.outbox WHERE error_code = '40001' HAVING count(*) = {}"
    with phones.server(account=PATIENT) as server:
        await phones.push_to(server)
        await all_written(phones)
        await phones.emulator.fault("errcode", SENDING, errcode=40001)
        await phones.emulator.fault("latency", STABLE, seconds=2)  # all are refused before there is another token
        phones.rows(AGAIN.format(lines))
        await phones.until(refused.format(lines))
        assert metric(server, 'yingda_wechat_faults_total{account="care",code="40001"}') == lines
        log = server.log.read_text(encoding="utf-8")
    assert await phones.emulator.calls(SENDING) == [40001] * lines * 2
    # It lies there, and is tried again in a minute.
    assert ("queued", "service", "fix_settings", "40001", lines) in phones.rows(ENDS)
    assert phones.rows("SELECT 1 FROM bot.outbox WHERE state = 'queued' AND due_at < now() + interval '30 s'") == []
    told = [line for line in log.splitlines() if "a fresh access token is refused" in line]
    assert len(told) == lines
    assert all('"level": "error"' in line for line in told)
    # However many were refused, one new token was demanded: WeChat allows that every 30 s.
    assert phones.rows("SELECT forced FROM bot.wechat_tokens") == [(1,)]
    assert await by_service(phones) == 0


async def test_after_twenty_demands_a_day_none_is_made(phones: Wechat) -> None:
    used_up = (
        "UPDATE bot.wechat_tokens SET forced = 20, forced_at = NULL,"
        " forced_on = (now() AT TIME ZONE 'Asia/Shanghai')::date RETURNING 1"
    )
    with phones.server(account=PATIENT) as server:
        await phones.push_to(server)
        await all_written(phones)
        phones.rows(AGAIN.format(1))
        await phones.until("SELECT 1 FROM bot.outbox WHERE route = 'service' AND state = 'sent'")
        assert phones.rows(used_up) == [(1,)]
        await phones.emulator.fault("errcode", SENDING, errcode=40001)
        phones.rows(AGAIN.format(10))
        await phones.until("SELECT 1 FROM bot.outbox WHERE reason = 'fix_settings' HAVING count(*) = 10")
    assert phones.rows("SELECT forced FROM bot.wechat_tokens") == [(20,)]
    assert set(await phones.emulator.calls(STABLE)) == {0}
    assert len(await phones.emulator.calls(STABLE)) == 2  # had, and asked for without force: it is the same

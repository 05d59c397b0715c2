"""What goes wrong between us and WeChat: each way has its decision, and none of it tells a secret."""

import asyncio
import traceback
from collections import Counter

import pytest
import structlog

from bot.channels.wechat.api import WechatFault, open_client
from tests.integration.wechat.emulator import SECRET
from tests.servers import free_port

SEND = "/cgi-bin/message/custom/send"
MENU = "/cgi-bin/menu/get"
CONNECTIONS = 100
"""How many aiohttp opens at once."""
WORDS = "只有收信人可以看到的话"


def text_to(openid: str) -> dict[str, object]:
    return {"touser": openid, "msgtype": "text", "text": {"content": WORDS}}


@pytest.mark.parametrize(
    ("kind", "reason", "shown"),
    [
        ("broken_json", "unreadable", 1),
        ("http_502", "status", 0),
        ("drop_before", "no_answer", 0),
        ("drop_after", "no_answer", 1),
    ],
)
async def test_a_send_without_a_readable_answer_is_unknown_and_never_repeated(wechat, client, kind, reason, shown):
    openid = await wechat.user()
    await wechat.fault(kind, SEND)
    with pytest.raises(WechatFault) as caught:
        await client.send(text_to(openid))
    assert (caught.value.reason, caught.value.decision, caught.value.errcode) == (reason, "outcome_unknown", None)
    assert len(await wechat.calls(SEND)) <= 1
    assert len(await wechat.shown()) == shown


async def test_a_send_that_takes_too_long_is_unknown(wechat):
    openid = await wechat.user()
    await wechat.fault("slow", SEND, seconds=30)
    async with open_client(wechat.account(timeout_s=2)) as client:
        await client.check()
        with pytest.raises(WechatFault) as caught:
            await client.send(text_to(openid))
    assert (caught.value.reason, caught.value.decision) == ("no_answer", "outcome_unknown")


async def test_who_never_got_a_connection_has_sent_nothing(wechat):
    openid = await wechat.user()
    await wechat.fault("latency", SEND, seconds=30)
    async with open_client(wechat.account(timeout_s=2, retry_s=0)) as client:
        await client.check()
        sends = (client.send(text_to(openid)) for _ in range(CONNECTIONS + 20))
        ends = await asyncio.gather(*sends, return_exceptions=True)
    assert Counter((fault.reason, fault.decision) for fault in ends) == {
        ("no_answer", "outcome_unknown"): CONNECTIONS,
        ("not_reached", "retry"): 20,
    }


@pytest.mark.parametrize("kind", ["broken_json", "http_502", "drop_before", "drop_after"])
async def test_what_only_reads_is_done_again(wechat, client, kind):
    await wechat.fault(kind, MENU, count=2)
    assert await client.menu() == []
    assert [one["fired"] for one in (await wechat.control("GET", "/faults"))["faults"]] == [2]


async def test_reading_is_given_up_when_its_time_is_over(wechat):
    await wechat.fault("http_502", MENU)
    async with open_client(wechat.account(retry_s=0.5)) as client:
        with pytest.raises(WechatFault) as caught:
            async with asyncio.timeout(20):
                await client.menu()
    assert (caught.value.reason, caught.value.decision) == ("status", "retry")
    assert 2 <= len(await wechat.calls(MENU)) <= 3


async def test_busy_is_tried_again_for_sends_too(wechat, client):
    openid = await wechat.user()
    await wechat.fault("errcode", SEND, errcode=-1, count=2)
    await client.send(text_to(openid))
    assert await wechat.calls(SEND) == [-1, -1, 0]
    assert len(await wechat.shown()) == 1


async def test_busy_without_end_ends(wechat):
    openid = await wechat.user()
    await wechat.fault("errcode", SEND, errcode=-1)
    async with open_client(wechat.account(retry_s=0.5)) as client:
        with pytest.raises(WechatFault) as caught:
            await client.send(text_to(openid))
    assert (caught.value.errcode, caught.value.decision) == (-1, "retry")


@pytest.mark.parametrize(
    ("errcode", "decision"),
    [
        (45015, "window_closed"),
        (45047, "count_exceeded"),
        (45009, "wait_for_quota"),
        (48001, "only_passive"),
        (43004, "unreachable"),
        (45002, "split_smaller"),
        (40164, "fix_settings"),
        (99999, "give_up"),
    ],
)
async def test_a_refusal_has_its_code_its_id_and_what_it_decides(wechat, client, errcode, decision):
    openid = await wechat.user()
    await wechat.fault("errcode", SEND, errcode=errcode)
    with pytest.raises(WechatFault) as caught:
        await client.send(text_to(openid))
    fault = caught.value
    assert (fault.errcode, fault.decision, fault.reason, fault.call) == (errcode, decision, "errcode", SEND)
    assert fault.rid
    assert "rid" not in fault.errmsg
    assert await wechat.calls(SEND) == [errcode]


async def test_half_a_character_is_not_sent(wechat, client):
    with pytest.raises(WechatFault) as caught:
        await client.send(text_to("o1") | {"text": {"content": "\ud83d"}})
    assert (caught.value.reason, caught.value.decision) == ("not_text", "give_up")
    assert await wechat.calls(SEND) == []


async def test_nobody_there_is_nothing_sent(wechat):
    nobody = f"http://127.0.0.1:{free_port()}"
    async with open_client(wechat.account(api_url=nobody, retry_s=0)) as client:
        with pytest.raises(WechatFault) as caught:
            await client.send(text_to("o1"))
    assert (caught.value.reason, caught.value.decision) == ("not_reached", "retry")


async def test_a_send_whose_token_cannot_be_had_was_not_begun(wechat):
    openid = await wechat.user()
    await wechat.fault("drop_after", "/cgi-bin/stable_token")
    async with open_client(wechat.account(retry_s=0)) as client:
        with pytest.raises(WechatFault) as caught:
            await client.send(text_to(openid))
    assert caught.value.decision == "retry"
    assert await wechat.calls(SEND) == []


async def test_no_fault_and_no_log_line_tells_a_secret(wechat, engine, keys, caplog, capsys):
    openid = await wechat.user()
    told = []
    caplog.set_level("DEBUG")
    with structlog.testing.capture_logs() as lines:
        for kind, more in (
            ("errcode", {"errcode": 40001}),
            ("errcode", {"errcode": 45015}),
            ("drop_before", {}),
            ("broken_json", {}),
        ):
            await wechat.control("DELETE", "/faults")
            await wechat.fault(kind, SEND, **more)
            await wechat.fault("errcode", "/sns/oauth2/access_token", errcode=40029)
            async with open_client(wechat.account(retry_s=0), engine, keys) as client:
                for call in (client.send(text_to(openid)), client.web_user("code-of-a-user")):
                    with pytest.raises(WechatFault) as caught:
                        await call
                    told += [*traceback.format_exception(caught.value), repr(caught.value)]
                token = await client._tokens.current()
                everything = "".join([*told, str(lines), caplog.text, *capsys.readouterr()])
                for secret in (openid, token, SECRET, WORDS, "code-of-a-user"):
                    assert secret not in everything
    assert [line["event"] for line in lines] == [
        "an access token was refused before its end, a new one is demanded",
        "a fresh access token is refused",
    ]

"""Plain, compatible and safe mode, XML and JSON, the current and the previous EncodingAESKey."""

import json

import pytest

from tests.integration.emulators.wechat_lab import KEY, OTHER_KEY, TOKEN, Lab, Received, account, lab, text_reply
from tests.integration.emulators.wechat_seals import fields_of, opened, sealed, sealed_xml, sha1


def appid(wechat: Lab) -> str:
    return wechat.world.account_named("shop").settings.appid


async def test_safe_mode_tells_nothing_in_plain_and_takes_an_encrypted_answer() -> None:
    async def reply(received: Received) -> bytes:
        outer = fields_of(received.body)
        assert set(outer) == {"ToUserName", "Encrypt"}
        document = opened(received, appid(wechat), outer["Encrypt"])
        assert fields_of(document)["Content"] == "秘密"
        plain = Received("POST", {}, document.encode(), "text/xml")
        return sealed_xml(text_reply(plain, "收到").decode(), appid(wechat))

    async with lab(account(mode="safe")) as wechat:
        openid = await wechat.user()
        wechat.answer = reply
        push = await wechat.do("li", "text", content="秘密")
        assert push["outcome"] == "answered", push
        assert wechat.received[0].query["openid"] == openid
        assert await wechat.shown("li") == [("passive", "text", "收到")]


@pytest.mark.parametrize("seals", [False, True])
async def test_compatible_mode_carries_both_and_takes_either(seals: bool) -> None:
    async def reply(received: Received) -> bytes:
        outer = received.fields
        assert outer["Content"] == "hi"
        assert fields_of(opened(received, appid(wechat), outer["Encrypt"]))["Content"] == "hi"
        answer = text_reply(received, "ok")
        return sealed_xml(answer.decode(), appid(wechat)) if seals else answer

    async with lab(account(mode="compatible")) as wechat:
        await wechat.user()
        wechat.answer = reply
        assert (await wechat.do("li", "text", content="hi"))["outcome"] == "answered"
        assert await wechat.shown("li") == [("passive", "text", "ok")]


async def test_json_is_pushed_and_answered_in_json() -> None:
    async def reply(received: Received) -> bytes:
        assert received.content_type == "application/json"
        outer = json.loads(received.body)
        push = json.loads(opened(received, appid(wechat), outer["Encrypt"]))
        assert isinstance(push["CreateTime"], int)
        answer = {
            "ToUserName": push["FromUserName"],
            "FromUserName": push["ToUserName"],
            "CreateTime": 1,
            "MsgType": "text",
            "Content": "好",
        }
        encrypted, mark, stamp, nonce = sealed(json.dumps(answer), appid(wechat))
        return json.dumps(
            {"Encrypt": encrypted, "MsgSignature": mark, "TimeStamp": int(stamp), "Nonce": nonce}
        ).encode()

    async with lab(account(mode="safe", format="json")) as wechat:
        await wechat.user()
        wechat.answer = reply
        push = await wechat.do("li", "text", content="hi")
        assert push["outcome"] == "answered", push
        assert await wechat.shown("li") == [("passive", "text", "好")]


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ("plain", "encrypted answer"),
        ("appid", "appid"),
        ("key", "padding"),
        ("signature", "MsgSignature"),
        ("cut", "32 bytes|base64"),
    ],
)
async def test_a_wrongly_sealed_answer_is_refused_and_says_why(spoilt: str, why: str) -> None:
    async def reply(received: Received) -> bytes:
        document = opened(received, appid(wechat), fields_of(received.body)["Encrypt"])
        answer = text_reply(Received("POST", {}, document.encode(), "text/xml"), "no")
        if spoilt == "plain":
            return answer
        if spoilt == "appid":
            return sealed_xml(answer.decode(), "wx00000000000000ff")
        if spoilt == "key":
            return sealed_xml(answer.decode(), appid(wechat), OTHER_KEY)
        encrypted, mark, stamp, nonce = sealed(answer.decode(), appid(wechat))
        body = sealed_xml(answer.decode(), appid(wechat)).decode()
        if spoilt == "cut":
            cut = encrypted[:-32]
            return body.replace(encrypted, cut).replace(mark, sha1(TOKEN, stamp, nonce, cut)).encode()
        return body.replace(mark, "0" * 40).encode()

    async with lab(account(mode="safe")) as wechat:
        await wechat.user()
        wechat.answer = reply
        push = await wechat.do("li", "text", content="hi")
        assert push["outcome"] == "malformed"
        assert any(part in push["attempts"][0]["reason"] for part in why.split("|")), push["attempts"][0]["reason"]
        assert [how for how, _, _ in await wechat.shown("li")] == ["error"]


async def test_after_a_change_of_keys_the_previous_one_is_used_until_it_is_not() -> None:
    keys: list[str] = []

    async def reply(received: Received) -> bytes:
        encrypted = fields_of(received.body)["Encrypt"]
        for key in (OTHER_KEY, KEY):
            try:
                opened(received, appid(wechat), encrypted, key)
            except (AssertionError, ValueError, IndexError):
                continue
            keys.append(key)
        return b"success"

    async with lab(account(mode="safe", aes_key=KEY)) as wechat:
        await wechat.user()
        wechat.answer = reply
        change = {"aes_key": OTHER_KEY, "previous_aes_key": KEY, "push_key": "previous"}
        await wechat.control("PATCH", "/accounts/shop", change)
        await wechat.do("li", "text", content="one")
        await wechat.control("PATCH", "/accounts/shop", {"push_key": "current"})
        await wechat.do("li", "text", content="two")
        assert keys == [KEY, OTHER_KEY]
        await wechat.control("PATCH", "/accounts/shop", {"aes_key": "short"}, status=400)
        await wechat.control("PATCH", "/accounts/shop", {"appid": "wx1234567"}, status=400)

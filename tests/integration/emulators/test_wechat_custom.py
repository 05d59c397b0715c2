"""Customer-service messages: every type, every refusal, the windows and the quotas."""

from typing import Any

import pytest

from tests.integration.emulators.test_wechat_replies import uploaded
from tests.integration.emulators.wechat_lab import Lab, account, lab

SEND = "/cgi-bin/message/custom/send"
TYPING = "/cgi-bin/message/custom/typing"
MENU = {"head_content": "h", "tail_content": "t", "list": [{"id": "1", "content": "a"}]}


async def test_a_message_is_shown_with_its_kind(wechat: Lab) -> None:
    openid = await wechat.user()
    media = {kind: await uploaded(wechat, kind) for kind in ("image", "voice", "video", "thumb")}
    article = {"title": "标题", "description": "d", "url": "https://example.com/", "picurl": "p"}
    thumb = {"thumb_media_id": media["thumb"]}
    await wechat.act("li", "pay")
    bodies: dict[str, Any] = {
        "text": {"content": "你好"},
        "image": {"media_id": media["image"]},
        "voice": {"media_id": media["voice"]},
        "video": {"media_id": media["video"], "title": "v", **thumb},
        "music": {"title": "m", "musicurl": "u", "hqmusicurl": "h", **thumb},
        "news": {"articles": [article]},
        "msgmenu": MENU,
        "miniprogrampage": {"title": "m", "appid": "wx1", "pagepath": "index", **thumb},
    }
    for kind, part in bodies.items():
        assert await wechat.call(SEND, {"touser": openid, "msgtype": kind, kind: part}) == {
            "errcode": 0,
            "errmsg": "ok",
        }
    lines = await wechat.lines("li", how="custom")
    assert [line["type"] for line in lines] == list(bodies)
    assert lines[0]["content"] == {"content": "你好"}
    assert lines[5]["content"]["articles"][0]["title"] == "标题"


async def test_materials_and_cards_must_be_known() -> None:
    async with lab(account(materials=["news1", "article1", "card1"], kf_accounts=["kf1@shop"])) as wechat:
        openid = await wechat.user()
        await wechat.act("li", "pay")
        named = {
            "mpnews": ("media_id", "news1"),
            "mpnewsarticle": ("article_id", "article1"),
            "wxcard": ("card_id", "card1"),
        }
        for kind, (name, known) in named.items():
            for value in (known, "unknown"):
                told = await wechat.call(SEND, {"touser": openid, "msgtype": kind, kind: {name: value}})
                assert (told["errcode"] == 0) is (value == known)
        for kf, expected in (("kf1@shop", 0), ("nobody@shop", 65401)):
            body = {"touser": openid, "msgtype": "text", "text": {"content": "x"}}
            told = await wechat.call(SEND, body | {"customservice": {"kf_account": kf}})
            assert told["errcode"] == expected


@pytest.mark.parametrize(
    ("kind", "part", "errcode"),
    [
        ("text", {"content": ""}, 44004),
        ("text", {"content": "长" * 683}, 45002),
        ("text", {"content": 5}, 44004),
        ("text", "hello", 47001),
        ("image", {"media_id": "unknown"}, 40007),
        ("image", {}, 40007),
        ("news", {"articles": [{"title": "a"}, {"title": "b"}]}, 45008),
        ("news", {"articles": []}, 47001),
        ("music", {"title": "t"}, 40097),
        ("msgmenu", {"list": []}, 47001),
        ("msgmenu", {"list": [{"id": "1", "content": "a"}] * 11}, 45098),
        ("msgmenu", {"list": [{"content": "a"}]}, 40097),
        ("poem", {"content": "x"}, 40008),
    ],
)
async def test_a_wrong_message_is_refused_and_costs_nothing(wechat: Lab, kind: str, part: Any, errcode: int) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="hi")
    told = await wechat.call(SEND, {"touser": openid, "msgtype": kind, kind: part})
    assert told["errcode"] == errcode
    assert " rid: " in told["errmsg"]
    assert [await wechat.send(openid) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    assert await wechat.shown("li") == [("custom", "text", "hello")] * 5


async def test_2048_bytes_pass(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="hi")
    assert await wechat.send(openid, "长" * 682 + "ab") == 0
    assert await wechat.send(openid, "长" * 682 + "abc") == 45002


async def test_who_can_be_written_to(wechat: Lab) -> None:
    openid = await wechat.user()
    assert await wechat.send("nobody") == 40003
    assert await wechat.send(openid) == 45015, "has not done anything yet"
    await wechat.do("li", "text", content="hi")
    assert await wechat.send(openid) == 0
    await wechat.do("li", "unfollow")
    assert await wechat.send(openid) == 43004
    await wechat.do("li", "follow")
    assert [await wechat.send(openid) for _ in range(4)] == [0, 0, 0, 45047]


async def test_a_user_may_refuse_messages(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="hi")
    await wechat.act("li", "refuse-messages")
    assert await wechat.send(openid) == 48002
    await wechat.act("li", "refuse-messages", refuses=False)
    assert await wechat.send(openid) == 0


async def test_calls_a_minute_end_and_come_again() -> None:
    async with lab(account(minute_quotas={SEND: 2})) as wechat:
        openid = await wechat.user()
        await wechat.act("li", "pay")
        assert [await wechat.send(openid) for _ in range(3)] == [0, 0, 45011]
        await wechat.control("POST", "/clock/advance", {"seconds": 60})
        assert await wechat.send(openid) == 0


async def test_windows_end_by_the_emulators_clock(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="hi")
    await wechat.control("POST", "/clock/advance", {"seconds": 48 * 3600 - 5})
    assert await wechat.send(openid) == 0
    await wechat.control("POST", "/clock/advance", {"seconds": 6})
    assert await wechat.send(openid) == 45015
    await wechat.do("li", "text", content="again")
    windows = (await wechat.control("GET", "/users/li"))["chats"][0]["windows"]
    assert [(one["trigger"], one["left"]) for one in windows] == [("message", 5)]


async def test_a_tap_allows_three_for_a_minute_a_link_allows_none(wechat: Lab) -> None:
    openid = await wechat.user()
    buttons = [{"type": "click", "name": "a", "key": "A"}, {"type": "view", "name": "b", "url": "http://b.example/"}]
    await wechat.call("/cgi-bin/menu/create", {"button": buttons})
    await wechat.do("li", "tap", path=[1])
    assert await wechat.send(openid) == 45015
    await wechat.do("li", "tap", path=[0])
    assert [await wechat.send(openid) for _ in range(4)] == [0, 0, 0, 45047]
    await wechat.control("POST", "/clock/advance", {"seconds": 60})
    assert await wechat.send(openid) == 45015


async def test_a_tap_on_a_message_menu_counts_as_a_menu_tap(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="hi")
    await wechat.call(SEND, {"touser": openid, "msgtype": "msgmenu", "msgmenu": MENU})
    await wechat.control("POST", "/clock/advance", {"seconds": 48 * 3600})
    await wechat.do("li", "choose", id="1")
    assert [await wechat.send(openid) for _ in range(4)] == [0, 0, 0, 45047]


async def test_after_a_payment_any_number_may_be_sent(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.act("li", "pay")
    assert {await wechat.send(openid) for _ in range(30)} == {0}
    await wechat.control("POST", "/clock/advance", {"seconds": 48 * 3600})
    assert await wechat.send(openid) == 45015


async def test_typing_needs_an_interaction_and_ends(wechat: Lab) -> None:
    openid = await wechat.user()

    async def typing(command: str) -> int:
        return int((await wechat.call(TYPING, {"touser": openid, "command": command}))["errcode"])

    assert await typing("Typing") == 45080
    await wechat.do("li", "text", content="hi")
    assert await typing("Shouting") == 45072
    assert [await typing("Typing"), await typing("Typing")] == [0, 45081]
    assert await typing("CancelTyping") == 0
    assert await typing("Typing") == 0
    await wechat.control("POST", "/clock/advance", {"seconds": 15})
    assert await typing("Typing") == 0
    await wechat.control("POST", "/clock/advance", {"seconds": 16})
    assert await typing("Typing") == 45080
    lines = await wechat.lines("li", how="typing")
    assert [line["content"]["on"] for line in lines] == [True, False, True, True]
    assert lines[0]["content"]["until"] > lines[0]["at"]


async def test_a_message_ends_the_typing(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.do("li", "text", content="hi")
    await wechat.call(TYPING, {"touser": openid, "command": "Typing"})
    await wechat.send(openid)
    assert (await wechat.call(TYPING, {"touser": openid, "command": "Typing"}))["errcode"] == 0


@pytest.mark.parametrize(
    ("kind", "verified", "custom", "menu", "qrcode"),
    [
        ("service", True, 45015, 0, 0),
        ("service", False, 48001, 0, 48001),
        ("subscription", True, 45015, 0, 48001),
        ("subscription", False, 48001, 48001, 48001),
    ],
)
async def test_an_account_may_do_what_its_kind_may(
    kind: str, verified: bool, custom: int, menu: int, qrcode: int
) -> None:
    async with lab(account(kind=kind, verified=verified)) as wechat:
        openid = await wechat.user()
        assert await wechat.send(openid) == custom
        buttons = {"button": [{"type": "click", "name": "a", "key": "A"}]}
        assert (await wechat.call("/cgi-bin/menu/create", buttons))["errcode"] == menu
        scene = {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 1}}}
        assert (await wechat.call("/cgi-bin/qrcode/create", scene)).get("errcode", 0) == qrcode


async def test_a_message_menu_can_be_denied() -> None:
    async with lab(account(deny=["msgmenu"])) as wechat:
        openid = await wechat.user()
        await wechat.do("li", "text", content="hi")
        told = await wechat.call(SEND, {"touser": openid, "msgtype": "msgmenu", "msgmenu": MENU})
        assert told["errcode"] == 40200


async def test_the_days_calls_end_and_can_be_cleared_ten_times_a_month() -> None:
    async with lab(account(daily_quotas={SEND: 2})) as wechat:
        openid = await wechat.user()
        await wechat.act("li", "pay")
        assert [await wechat.send(openid) for _ in range(3)] == [0, 0, 45009]
        appid = wechat.world.account_named("shop").settings.appid
        quota = await wechat.call("/cgi-bin/openapi/quota/get", {"cgi_path": SEND})
        assert quota["quota"] == {"daily_limit": 2, "used": 2, "remain": 0}
        assert (await wechat.call("/cgi-bin/clear_quota", {"appid": appid}))["errcode"] == 0
        assert await wechat.send(openid) == 0
        cleared = [(await wechat.call("/cgi-bin/clear_quota", {"appid": appid}))["errcode"] for _ in range(10)]
        assert cleared == [0] * 9 + [48006]
        await wechat.send(openid)
        await wechat.send(openid)
        assert await wechat.send(openid) == 45009
        await wechat.control("POST", "/clock/advance", {"seconds": 24 * 3600})
        assert await wechat.send(openid) == 0

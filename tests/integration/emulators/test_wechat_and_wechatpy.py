"""A bot built on wechatpy, which knows nothing of the emulator, understands it and is understood."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.parser import parse_message
from wechatpy.replies import ArticlesReply, ImageReply, TextReply, TransferCustomerServiceReply, VoiceReply
from wechatpy.utils import check_signature

from emulators.wechat.settings import Template
from tests.integration.emulators.test_wechat_replies import uploaded
from tests.integration.emulators.wechat_lab import KEY, TOKEN, Lab, Received, account, lab

SHARED = Path(__file__).parents[4] / "shared" / "fixtures" / "wechatpy" / "xml"


def opened(received: Received, appid: str) -> str:
    query = received.query
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    crypto = WeChatCrypto(TOKEN, KEY, appid)
    document = crypto.decrypt_message(received.body, query["msg_signature"], query["timestamp"], query["nonce"])
    return str(document)


def sealed(reply: Any, appid: str) -> bytes:
    return str(WeChatCrypto(TOKEN, KEY, appid).encrypt_message(reply.render(), "nonce", "1700000000")).encode()


@pytest.mark.parametrize(
    ("act", "body", "kind"),
    [
        ("text", {"content": "你好 ]]> <a>"}, "TextMessage"),
        ("image", {}, "ImageMessage"),
        ("voice", {}, "VoiceMessage"),
        ("video", {}, "VideoMessage"),
        ("shortvideo", {}, "ShortVideoMessage"),
        ("location", {"x": 23.1, "y": 113.3, "label": "广州"}, "LocationMessage"),
        ("link", {"title": "t", "url": "https://example.com/"}, "LinkMessage"),
        ("position", {"latitude": 23.1, "longitude": 113.3}, "LocationEvent"),
        ("tap", {"path": [0]}, "ClickEvent"),
        ("unfollow", {}, "UnsubscribeEvent"),
    ],
)
async def test_it_opens_and_reads_what_is_pushed(act: str, body: dict[str, Any], kind: str) -> None:
    async with lab(account(mode="safe")) as wechat:
        openid = await wechat.user()
        menu = {"button": [{"type": "click", "name": "a", "key": "ORDERS"}]}
        await wechat.call("/cgi-bin/menu/create", menu)
        await wechat.do("li", act, **body)
        appid = wechat.world.account_named("shop").settings.appid
        message = parse_message(opened(wechat.received[0], appid))
        assert type(message).__name__ == kind
        assert message.source == openid
        if act == "text":
            assert message.content == body["content"]


async def replying(wechat: Lab, reply: Any) -> Any:
    """What the phone shows of a reply made and sealed by wechatpy."""
    appid = wechat.world.account_named("shop").settings.appid

    async def answer(received: Received) -> bytes:
        message = parse_message(opened(received, appid))
        reply.source, reply.target = message.target, message.source
        return sealed(reply, appid)

    wechat.answer = answer
    push = await wechat.do("li", "text", content="hi")
    assert push["outcome"] == "answered", push
    lines = await wechat.lines("li", how="passive,system")
    return lines[-1]


async def test_its_sealed_replies_are_shown() -> None:
    async with lab(account(mode="safe", kf_accounts=["kf1@shop"])) as wechat:
        await wechat.user()
        line = await replying(wechat, TextReply(content="您好，有什么可以帮您？"))
        assert line["content"] == {"content": "您好，有什么可以帮您？"}
        for kind, reply in (("image", ImageReply), ("voice", VoiceReply)):
            media_id = await uploaded(wechat, kind)
            line = await replying(wechat, reply(media_id=media_id))
            assert (line["type"], line["content"]["media_id"]) == (kind, media_id)
        news = ArticlesReply(articles=[{"title": "标题", "description": "d", "image": "i", "url": "u"}])
        assert (await replying(wechat, news))["content"]["articles"][0]["title"] == "标题"
        line = await replying(wechat, TransferCustomerServiceReply())
        assert line["content"] == {"kf_account": "kf1@shop", "open": True}


async def test_the_gap_in_its_cdata_is_seen() -> None:
    """It writes ``]]>`` as it is: WeChat would tell the user that the account is out of order."""
    async with lab() as wechat:
        await wechat.user()

        async def answer(received: Received) -> bytes:
            message = parse_message(received.body)
            return str(TextReply(content="a ]]> b", message=message).render()).encode()

        wechat.answer = answer
        assert (await wechat.do("li", "text", content="hi"))["outcome"] == "malformed"


def shape(element: ElementTree.Element) -> dict[str, Any]:
    """Names inside names; what stands there twice counts once."""
    return {child.tag: shape(child) for child in element}


SEEN_LATELY = {"MediaId16K", "MenuId", "EventKey"}
"""Newer than the samples, or left out of some."""


@pytest.mark.skipif(not SHARED.is_dir(), reason="the samples in the folder shared are not here")
@pytest.mark.parametrize(
    ("act", "body", "sample"),
    [
        ("text", {"content": "a"}, "test_parser__text_1"),
        ("image", {}, "test_parser__image_1"),
        ("voice", {}, "test_parser__voice_1"),
        ("video", {}, "test_parser__video_1"),
        ("location", {"x": 1.0, "y": 2.0}, "test_parser__location_1"),
        ("link", {"title": "t", "url": "u"}, "test_parser__link_1"),
        ("position", {"latitude": 1.0, "longitude": 2.0}, "test_parser__event_LOCATION_1"),
        ("tap", {"path": [0]}, "test_parser__event_CLICK_1"),
        ("tap", {"path": [1, 0]}, "test_parser__event_VIEW_1"),
        ("tap", {"path": [1, 1]}, "test_events__event_scancode_waitmsg_1"),
        ("tap", {"path": [1, 2]}, "test_events__event_pic_weixin_1"),
        ("tap", {"path": [1, 3]}, "test_events__event_location_select_1"),
        ("unfollow", {}, "test_events__event_unsubscribe_1"),
        ("consent", {"templates": {"t": "accept"}}, "test_events__event_subscribe_msg_popup_event_1"),
        ("consent-change", {"templates": {"t": "reject"}}, "test_events__event_subscribe_msg_change_event_1"),
    ],
)
async def test_pushes_have_the_shape_of_real_ones(act: str, body: dict[str, Any], sample: str) -> None:
    template = Template(id="t", title="t", content="", kind="subscription").model_dump()
    async with lab(account(templates=[template])) as wechat:
        await wechat.user()
        kinds = ("scancode_waitmsg", "pic_weixin", "location_select")
        buttons = [
            {"type": "click", "name": "a", "key": "A"},
            {"name": "b", "sub_button": [
                {"type": "view", "name": "c", "url": "https://c.example/"},
                *({"type": kind, "name": "d", "key": "D"} for kind in kinds),
            ]},
        ]  # fmt: skip
        await wechat.call("/cgi-bin/menu/create", {"button": buttons})
        await wechat.act("li", act, **body)
        await wechat.control("GET", "/idle?wait=5")
        expected = shape(ElementTree.fromstring((SHARED / f"{sample}.xml").read_text(encoding="utf-8")))
        events = [shape(ElementTree.fromstring(one.body)) for one in wechat.received]
        shapes = [{name: inside for name, inside in one.items() if name not in SEEN_LATELY} for one in events]
        assert {name: inside for name, inside in expected.items() if name not in SEEN_LATELY} in shapes

"""Everything a user can do arrives as WeChat's message or event, with its fields."""

import asyncio
import base64
from typing import Any
from xml.etree import ElementTree

import pytest

from emulators.wechat.settings import Template
from tests.integration.emulators.wechat_lab import Lab, account, lab

EVERY = {"FromUserName", "ToUserName", "CreateTime", "MsgType"}
MENU = {
    "button": [
        {"type": "click", "name": "查订单", "key": "ORDERS"},
        {"name": "更多", "sub_button": [
            {"type": "view", "name": "商城", "url": "https://shop.example/"},
            {"type": "scancode_waitmsg", "name": "扫码", "key": "SCAN_IT"},
            {"type": "pic_weixin", "name": "图片", "key": "PICTURE"},
            {"type": "location_select", "name": "位置", "key": "PLACE"},
            {"type": "media_id", "name": "手册", "media_id": "manual"},
        ]},
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    ("act", "body", "fields"),
    [
        ("text", {"content": "hi"}, {"Content": "hi"}),
        (
            "text",
            {"content": "hi", "msg_data_id": "22", "idx": 2},
            {"Content": "hi", "MsgDataId": "22", "Idx": "2"},
        ),
        ("image", {}, {"PicUrl": None, "MediaId": None}),
        ("voice", {}, {"MediaId": None, "Format": "amr", "MediaId16K": None}),
        (
            "voice",
            {"recognition": "你好"},
            {"MediaId": None, "Format": "amr", "MediaId16K": None, "Recognition": "你好"},
        ),
        ("video", {}, {"MediaId": None, "ThumbMediaId": None}),
        ("shortvideo", {}, {"MediaId": None, "ThumbMediaId": None}),
        (
            "location",
            {"x": 23.134521, "y": 113.358803, "scale": 20, "label": "广州"},
            {"Location_X": "23.134521", "Location_Y": "113.358803", "Scale": "20", "Label": "广州"},
        ),
        (
            "link",
            {"title": "t", "description": "d", "url": "https://example.com/"},
            {"Title": "t", "Description": "d", "Url": "https://example.com/"},
        ),
    ],
)
async def test_a_message_carries_its_fields(wechat: Lab, act: str, body: Any, fields: dict[str, str | None]) -> None:
    await wechat.user()
    await wechat.do("li", act, **body)
    received = wechat.received[0].fields
    assert received["MsgType"] == act
    assert set(received) == EVERY | {"MsgId"} | set(fields)
    assert {name: received[name] for name, value in fields.items() if value is not None} == {
        name: value for name, value in fields.items() if value is not None
    }
    [own] = await wechat.lines("li", how="user")
    assert own["type"] == act


async def test_what_was_sent_can_be_fetched(wechat: Lab) -> None:
    await wechat.user()
    picture = b"\x89PNG\r\n\x1a\n picture"
    await wechat.do("li", "image", data=base64.b64encode(picture).decode())
    fields = wechat.received[0].fields
    async with wechat.client.get(fields["PicUrl"]) as response:
        assert (response.content_type, await response.read()) == ("image/png", picture)
    await wechat.do("li", "voice")
    token = await wechat.token()
    fields = wechat.received[1].fields
    for path, name in (("/cgi-bin/media/get", "MediaId"), ("/cgi-bin/media/get/jssdk", "MediaId16K")):
        url = wechat.emulator.make_url(path)
        async with wechat.client.get(url, params={"access_token": token, "media_id": fields[name]}) as response:
            assert (await response.read()).startswith(b"#!AMR")
    await wechat.act("li", "image", data="no base64!", status=400)


@pytest.mark.parametrize(
    ("act", "body", "event", "fields"),
    [
        ("unfollow", {}, "unsubscribe", {"EventKey": ""}),
        (
            "position",
            {"latitude": 23.1, "longitude": 113.3},
            "LOCATION",
            {"Latitude": "23.1", "Longitude": "113.3", "Precision": "30.0"},
        ),
        ("tap", {"path": [0]}, "CLICK", {"EventKey": "ORDERS"}),
        ("tap", {"path": [1, 0]}, "VIEW", {"EventKey": "https://shop.example/", "MenuId": None}),
        ("push", {"type": "x", "fields": {"MsgType": "event", "Event": "news", "A": "b"}}, "news", {"A": "b"}),
    ],
)
async def test_an_event_carries_its_fields(
    wechat: Lab, act: str, body: Any, event: str, fields: dict[str, str | None]
) -> None:
    assert (await wechat.call("/cgi-bin/menu/create", MENU))["errcode"] == 0
    await wechat.user()
    await wechat.do("li", act, **body)
    received = wechat.received[0].fields
    assert (received["MsgType"], received["Event"]) == ("event", event)
    assert set(received) == EVERY | {"Event"} | set(fields)
    assert all(received[name] == value for name, value in fields.items() if value is not None)


async def test_following_by_a_code_and_scanning_it_again(wechat: Lab) -> None:
    code = await wechat.call(
        "/cgi-bin/qrcode/create",
        {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "门店7"}}},
    )
    await wechat.control("POST", "/users", {"user": "li"})
    first = await wechat.do("li", "scan", ticket=code["ticket"])
    again = await wechat.do("li", "scan", ticket=code["ticket"])
    assert (first["fields"]["Event"], first["fields"]["EventKey"]) == ("subscribe", "qrscene_门店7")
    assert (again["fields"]["Event"], again["fields"]["EventKey"]) == ("SCAN", "门店7")
    assert first["fields"]["Ticket"] == again["fields"]["Ticket"] == code["ticket"]
    await wechat.control("POST", "/clock/advance", {"seconds": 601})
    await wechat.act("li", "scan", ticket=code["ticket"], status=404)
    await wechat.control("POST", "/users", {"user": "wang"})
    assert (await wechat.do("wang", "follow"))["fields"]["EventKey"] == ""


async def test_buttons_that_scan_send_pictures_or_places_push_twice_or_wait(wechat: Lab) -> None:
    await wechat.call("/cgi-bin/menu/create", MENU)
    await wechat.user()
    await wechat.do("li", "tap", path=[1, 1], result="CODE-7")
    scan = ElementTree.fromstring(wechat.received[0].body)
    assert scan.findtext("ScanCodeInfo/ScanResult") == "CODE-7"
    for path, event, message in (([1, 2], "pic_weixin", "image"), ([1, 3], "location_select", "location")):
        wechat.received.clear()
        done = await wechat.act("li", "tap", path=path)
        assert len(done["deliveries"]) == 2
        await wechat.control("GET", "/idle?wait=5")
        kinds = {one.fields.get("Event") or one.fields["MsgType"] for one in wechat.received}
        assert kinds == {event, message}
    assert (await wechat.act("li", "tap", path=[1, 4]))["deliveries"] == []
    await wechat.act("li", "tap", path=[2], status=404)
    await wechat.act("li", "tap", path=[1], status=404)


async def test_consents_arrive_as_repeated_lists() -> None:
    templates = [Template(id=name, title=name, content="{{thing1.DATA}}", kind="subscription") for name in ("t1", "t2")]
    async with lab(account(templates=templates)) as wechat:
        await wechat.user()
        await wechat.do("li", "consent", templates={"t1": "accept", "t2": "reject"}, scene=2)
        root = ElementTree.fromstring(wechat.received[0].body)
        assert root.findtext("Event") == "subscribe_msg_popup_event"
        lists = root.findall("SubscribeMsgPopupEvent/List")
        assert [[child.text for child in one] for one in lists] == [["t1", "accept", "2"], ["t2", "reject", "2"]]
        await wechat.do("li", "consent-change", templates={"t1": "reject"})
        root = ElementTree.fromstring(wechat.received[1].body)
        assert root.findtext("SubscribeMsgChangeEvent/List/SubscribeStatusString") == "reject"
        await wechat.act("li", "consent", templates={"nope": "accept"}, status=404)


async def test_a_tap_on_a_message_menu_comes_as_a_text_with_its_id(wechat: Lab) -> None:
    openid = await wechat.user()
    await wechat.act("li", "choose", id="1", status=404)
    await wechat.do("li", "text", content="hi")
    items = [{"id": "1", "content": "满意"}, {"id": "2", "content": "不满意"}]
    menu = {"head_content": "您满意吗？", "list": items, "tail_content": "谢谢"}
    body = {"touser": openid, "msgtype": "msgmenu", "msgmenu": menu}
    assert (await wechat.call("/cgi-bin/message/custom/send", body))["errcode"] == 0
    await wechat.do("li", "choose", id="2")
    fields = wechat.received[1].fields
    assert (fields["Content"], fields["bizmsgmenuid"]) == ("不满意", "2")


async def test_messages_differ_in_their_numbers(wechat: Lab) -> None:
    await wechat.user()
    await asyncio.gather(*(wechat.do("li", "text", content=str(turn)) for turn in range(20)))
    assert len({one.fields["MsgId"] for one in wechat.received}) == 20

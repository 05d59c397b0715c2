"""Menus, QR codes, followers, tags and media of an account."""

from io import BytesIO
from typing import Any

import pytest
import segno
from aiohttp import FormData

from tests.integration.emulators.wechat_lab import Lab, account, lab

CREATE = "/cgi-bin/menu/create"
MB = 1024 * 1024
CLICK = {"type": "click", "name": "a", "key": "A"}


async def test_a_menu_is_made_told_shown_and_removed(wechat: Lab) -> None:
    await wechat.user()
    assert (await wechat.call("/cgi-bin/menu/get"))["errcode"] == 46003
    menu = {"button": [CLICK, {"name": "更多", "sub_button": [CLICK]}]}
    assert (await wechat.call(CREATE, menu))["errcode"] == 0
    told = (await wechat.call("/cgi-bin/menu/get"))["menu"]["button"]
    assert told == [CLICK | {"sub_button": []}, {"name": "更多", "sub_button": [CLICK | {"sub_button": []}]}]
    current = await wechat.call("/cgi-bin/get_current_selfmenu_info")
    assert current["is_menu_open"] == 1
    assert current["selfmenu_info"]["button"][1]["sub_button"]["list"] == [CLICK]
    assert (await wechat.call("/cgi-bin/menu/delete"))["errcode"] == 0
    assert (await wechat.call("/cgi-bin/get_current_selfmenu_info"))["is_menu_open"] == 0
    lines = await wechat.lines("li", how="menu")
    assert [line["content"]["button"] is None for line in lines] == [False, True]


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        ([CLICK] * 4, 40016),
        ("menu", 40016),
        ([{"name": "a", "sub_button": [CLICK] * 6}], 40023),
        ([{"name": "a", "sub_button": [{"name": "b", "sub_button": [CLICK]}]}], 40023),
        ([CLICK | {"type": "dance"}], 40017),
        ([CLICK | {"name": "长" * 6}], 40018),
        ([CLICK | {"name": ""}], 40018),
        ([CLICK | {"key": "k" * 129}], 40019),
        ([{"type": "view", "name": "a"}], 40020),
        ([7], 47001),
    ],
)
async def test_a_wrong_menu_is_refused_and_changes_nothing(wechat: Lab, buttons: Any, errcode: int) -> None:
    await wechat.call(CREATE, {"button": [CLICK]})
    assert (await wechat.call(CREATE, {"button": buttons}))["errcode"] == errcode
    assert len((await wechat.call("/cgi-bin/menu/get"))["menu"]["button"]) == 1


@pytest.mark.parametrize(
    ("action", "scene", "errcode"),
    [
        ("QR_SCENE", {"scene_id": 4_294_967_295}, 0),
        ("QR_LIMIT_SCENE", {"scene_id": 100_000}, 0),
        ("QR_LIMIT_SCENE", {"scene_id": 100_001}, 40053),
        ("QR_STR_SCENE", {"scene_str": "s" * 64}, 0),
        ("QR_LIMIT_STR_SCENE", {"scene_str": "s" * 65}, 40053),
        ("QR_STR_SCENE", {"scene_id": 5}, 40053),
        ("QR_SCENE", {"scene_id": True}, 40053),
        ("QR_SCENE", None, 40053),
        ("QR", {"scene_id": 5}, 40052),
    ],
)
async def test_qr_codes_have_their_limits(wechat: Lab, action: str, scene: Any, errcode: int) -> None:
    told = await wechat.call("/cgi-bin/qrcode/create", {"action_name": action, "action_info": {"scene": scene}})
    assert told.get("errcode", 0) == errcode
    if not errcode:
        assert ("expire_seconds" in told) is ("LIMIT" not in action)
        url = wechat.emulator.make_url("/cgi-bin/showqrcode")
        async with wechat.client.get(url, params={"ticket": told["ticket"]}) as response:
            assert (response.status, response.content_type) == (200, "image/png")
            picture = await response.read()
        drawn = BytesIO()
        segno.make_qr(told["url"], error="m").save(drawn, kind="png", scale=10, border=4)
        assert picture == drawn.getvalue()


async def test_followers_are_told_without_names(wechat: Lab) -> None:
    openid = await wechat.user()
    told = await wechat.call("/cgi-bin/user/info", openid=openid)
    assert told["subscribe"] == 1
    assert "nickname" not in told
    assert "unionid" not in told
    await wechat.control("POST", "/users", {"user": "wang"})
    other = (await wechat.control("GET", "/users/wang"))["chats"][0]["openid"]
    batch = await wechat.call(
        "/cgi-bin/user/info/batchget", {"user_list": [{"openid": openid}, {"openid": other, "lang": "zh_CN"}]}
    )
    assert [one["subscribe"] for one in batch["user_info_list"]] == [1, 0]
    assert (await wechat.call("/cgi-bin/user/info", openid="nobody"))["errcode"] == 40003
    listed = await wechat.call("/cgi-bin/user/get")
    assert (listed["total"], listed["data"]["openid"]) == (1, [openid])
    assert (await wechat.call("/cgi-bin/user/info/updateremark", {"openid": openid, "remark": "老客户"}))[
        "errcode"
    ] == 0
    assert (await wechat.call("/cgi-bin/user/info", openid=openid))["remark"] == "老客户"


async def test_the_scene_is_kept_with_the_follower(wechat: Lab) -> None:
    scene = {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 77}}}
    ticket = (await wechat.call("/cgi-bin/qrcode/create", scene))["ticket"]
    await wechat.control("POST", "/users", {"user": "li"})
    await wechat.do("li", "scan", ticket=ticket)
    openid = (await wechat.control("GET", "/users/li"))["chats"][0]["openid"]
    told = await wechat.call("/cgi-bin/user/info", openid=openid)
    assert (told["qr_scene"], told["subscribe_scene"]) == (77, "ADD_SCENE_QR_CODE")


async def test_a_user_has_another_openid_in_every_account_and_one_unionid_in_a_platform() -> None:
    accounts = (
        account("shop", 1, open_platform="group"),
        account("tea", 2, open_platform="group"),
        account("alone", 3),
    )
    async with lab(*accounts) as wechat:
        await wechat.user("li", "shop", "tea", "alone")
        chats = (await wechat.control("GET", "/users/li"))["chats"]
        assert len({chat["openid"] for chat in chats}) == 3
        assert all(len(chat["openid"]) == 28 for chat in chats)
        told = [
            await wechat.call("/cgi-bin/user/info", account=chat["account"], openid=chat["openid"]) for chat in chats
        ]
        assert told[0]["unionid"] == told[1]["unionid"]
        assert "unionid" not in told[2]
        await wechat.control("POST", "/reset")
        await wechat.user("li", "shop", "tea", "alone")
        assert [chat["openid"] for chat in (await wechat.control("GET", "/users/li"))["chats"]] == [
            chat["openid"] for chat in chats
        ]


async def test_tags_are_made_given_and_taken(wechat: Lab) -> None:
    openid = await wechat.user()
    made = await wechat.call("/cgi-bin/tags/create", {"tag": {"name": "老客户"}})
    number = made["tag"]["id"]
    assert (await wechat.call("/cgi-bin/tags/create", {"tag": {"name": "老客户"}}))["errcode"] == 45157
    assert (await wechat.call("/cgi-bin/tags/create", {"tag": {"name": "长" * 11}}))["errcode"] == 45158
    give = {"openid_list": [openid], "tagid": number}
    assert (await wechat.call("/cgi-bin/tags/members/batchtagging", give))["errcode"] == 0
    assert (await wechat.call("/cgi-bin/tags/getidlist", {"openid": openid}))["tagid_list"] == [number]
    assert {"id": number, "name": "老客户", "count": 1} in (await wechat.call("/cgi-bin/tags/get"))["tags"]
    assert (await wechat.call("/cgi-bin/user/tag/get", {"tagid": number}))["data"]["openid"] == [openid]
    assert (await wechat.call("/cgi-bin/tags/members/batchuntagging", give))["errcode"] == 0
    assert (await wechat.call("/cgi-bin/user/tag/get", {"tagid": number}))["count"] == 0
    rename = {"tag": {"id": number, "name": "新客户"}}
    assert (await wechat.call("/cgi-bin/tags/update", rename))["errcode"] == 0
    assert (await wechat.call("/cgi-bin/tags/delete", {"tag": {"id": number}}))["errcode"] == 0
    assert (await wechat.call("/cgi-bin/tags/members/batchtagging", give))["errcode"] == 45159
    assert (await wechat.call("/cgi-bin/tags/delete", {"tag": {"id": 2}}))["errcode"] == 45058


@pytest.mark.parametrize(
    ("kind", "begins", "size", "errcode"),
    [
        ("image", b"\x89PNG\r\n\x1a\n", 10 * MB, 0),
        ("image", b"\xff\xd8\xff", 10 * MB + 1, 40009),
        ("voice", b"#!AMR", 2 * MB + 1, 40010),
        ("video", b"\0\0\0\x14ftyp", 10 * MB + 1, 40011),
        ("thumb", b"\xff\xd8\xff", 64 * 1024 + 1, 40012),
        ("image", b"MZ", 100, 40005),
        ("poem", b"text", 4, 40004),
        ("image", b"", 0, 44001),
        ("image", b"", 13 * MB, 40006),
    ],
)
async def test_media_have_their_limits(wechat: Lab, kind: str, begins: bytes, size: int, errcode: int) -> None:
    data = begins.ljust(size, b"x")
    form = FormData()
    form.add_field("media", BytesIO(data), filename="file")
    url = wechat.emulator.make_url("/cgi-bin/media/upload")
    query = {"access_token": await wechat.token(), "type": kind}
    async with wechat.client.post(url, params=query, data=form) as response:
        told = await response.json(content_type=None)
        assert response.content_type == "text/plain"
    assert told.get("errcode", 0) == errcode
    if errcode:
        return
    fetched = {"access_token": query["access_token"], "media_id": told["media_id"]}
    async with wechat.client.get(wechat.emulator.make_url("/cgi-bin/media/get"), params=fetched) as response:
        assert await response.read() == data
        assert "attachment" in response.headers["Content-Disposition"]
    await wechat.control("POST", "/clock/advance", {"seconds": 3 * 24 * 3600})
    assert (await wechat.call("/cgi-bin/media/get", media_id=told["media_id"]))["errcode"] == 40007


async def test_an_upload_without_a_file_is_refused(wechat: Lab) -> None:
    url = wechat.emulator.make_url("/cgi-bin/media/upload")
    query = {"access_token": await wechat.token(), "type": "image"}
    other = FormData()
    other.add_field("other", b"x", filename="file")
    for data in (b"plain", other):
        async with wechat.client.post(url, params=query, data=data) as response:
            assert (await response.json(content_type=None))["errcode"] == 41005


async def test_a_video_is_told_by_its_address(wechat: Lab) -> None:
    await wechat.user()
    await wechat.do("li", "video")
    media_id = wechat.received[0].fields["MediaId"]
    told = await wechat.call("/cgi-bin/media/get", media_id=media_id)
    async with wechat.client.get(told["video_url"]) as response:
        assert response.content_type == "video/mp4"

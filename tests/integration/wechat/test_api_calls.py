"""Every call that we use, against an emulated WeChat in a process of its own."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.channels.wechat.api import WechatFault, open_client
from bot.channels.wechat.customer_service import customer_service
from bot.channels.wechat.outgoing import Words
from emulators.wechat.samples import SAMPLES

JPEG = SAMPLES["thumb"]


async def test_a_message_arrives_as_it_was_written(wechat, client):
    openid = await wechat.user()
    text = '价格 <b> ]]> & "引号" \\u4f60 😀\n第二行'
    await client.send(customer_service(Words(text), openid))
    assert [content["content"] for content in await wechat.shown()] == [text]


async def test_json_goes_out_without_escapes(wechat):
    """WeChat shows a \\u4f60 as it is written; the emulator, as any parser of JSON, would not."""
    bodies = []

    async def answer(request):
        bodies.append((request.path, await request.read()))
        return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(app) as server, open_client(wechat.account(api_url=str(server.make_url("/")))) as client:
        await client.send(customer_service(Words("你好 😀"), "o1"))
    assert bodies[-1] == (
        "/cgi-bin/message/custom/send",
        '{"touser":"o1","msgtype":"text","text":{"content":"你好 😀"}}'.encode(),
    )


async def test_what_is_typed_shows_and_what_hinders_it_is_to_be_passed_over(wechat, client):
    openid = await wechat.user()
    with pytest.raises(WechatFault) as caught:
        await client.show_typing(openid)
    assert (caught.value.errcode, caught.value.decision) == (45080, "ignore")
    await wechat.control("POST", "/users/li/text", {"content": "在吗"})
    await client.show_typing(openid)
    await client.show_typing(openid, on=False)
    assert [content["on"] for content in await wechat.shown() if "on" in content] == [True, False]


@pytest.mark.parametrize(
    ("kind", "media_type"), [("image", "image/png"), ("voice", "audio/amr"), ("video", "video/mp4")]
)
async def test_files_go_up_and_come_back(wechat, client, kind, media_type):
    media_id = await client.upload_media(kind, SAMPLES[kind], media_type)
    found = await client.fetch_media(media_id)
    assert (found.content, found.media_type) == (SAMPLES[kind], media_type)


async def test_a_thumb_has_an_id_too_and_what_is_no_picture_is_refused(client):
    assert await client.upload_media("thumb", JPEG, "image/jpeg")
    with pytest.raises(WechatFault) as caught:
        await client.upload_media("image", b"no picture", "image/png")
    assert caught.value.errcode == 40005


async def test_a_large_file_goes_up_whole(client):
    content = SAMPLES["image"] + bytes(3 << 20)
    found = await client.fetch_media(await client.upload_media("image", content, "image/png"))
    assert found.content == content


async def test_files_that_are_too_large_stay_where_they_are(wechat, client):
    with pytest.raises(WechatFault) as caught:
        await client.upload_media("thumb", JPEG + bytes(64 << 10), "image/jpeg")
    assert caught.value.reason == "too_large"
    assert await wechat.calls("/cgi-bin/media/upload") == []
    for kind, size in (("image", 5000), ("video", 5000)):
        content = SAMPLES[kind] + bytes(size)
        media_id = await client.upload_media(kind, content, "image/png" if kind == "image" else "video/mp4")
        async with open_client(wechat.account(media_bytes=4096)) as small:
            with pytest.raises(WechatFault) as caught:
                await small.fetch_media(media_id)
        assert (caught.value.reason, caught.value.decision) == ("too_large", "give_up")


async def test_media_that_is_gone_is_told(client):
    with pytest.raises(WechatFault) as caught:
        await client.fetch_media("nothing")
    assert (caught.value.errcode, caught.value.decision) == (40007, "upload_again")


async def test_the_menu_is_made_and_read(client):
    assert await client.menu() == []
    buttons = [{"type": "click", "name": "人工", "key": "person"}]
    await client.create_menu(buttons)
    assert [(one["name"], one["key"]) for one in await client.menu()] == [("人工", "person")]


async def test_qr_codes_tell_their_scene(wechat, client):
    temporary, lasting = await client.create_qr_code("门店-7", 3600), await client.create_qr_code("海报")
    assert (temporary.expire_seconds, lasting.expire_seconds) == (3600, None)
    scenes = (await wechat.control("GET", "/accounts/care"))["scenes"]
    assert [(one["ticket"], one["scene"]) for one in scenes] == [(temporary.ticket, "门店-7"), (lasting.ticket, "海报")]


async def test_what_is_known_of_a_user(wechat, client):
    openid = await wechat.user()
    found = await client.user(openid)
    assert (found.openid, found.subscribe, found.language) == (openid, True, "zh_CN")
    assert found.unionid
    assert openid not in repr(found)
    with pytest.raises(WechatFault) as caught:
        await client.user("o-nobody")
    assert (caught.value.errcode, caught.value.decision) == (40003, "unreachable")


async def test_labels_of_followers(wechat, client):
    openids = [await wechat.user(f"u{number}") for number in range(53)]
    tag = await client.create_tag("贵宾")
    await client.tag_users(tag.id, openids)
    assert [(one.name, one.count) for one in await client.tags() if one.id == tag.id] == [("贵宾", 53)]
    assert await client.tagged(tag.id) == set(openids)
    await client.tag_users(tag.id, openids[52:], on=False)
    assert await client.tagged(tag.id) == set(openids[:52])
    await client.delete_tag(tag.id)
    assert tag.id not in {one.id for one in await client.tags()}


async def test_template_messages_and_notices(wechat, client):
    openid = await wechat.user()
    assert await client.send_template(openid, "T1", {"thing1": "已发货"}, {"url": "https://shop.example/1"})
    with pytest.raises(WechatFault) as caught:
        await client.send_notice(openid, "S1", {"thing1": "到货"})
    assert (caught.value.errcode, caught.value.decision) == (43101, "refused")
    await wechat.control("POST", "/users/li/consent", {"templates": {"S1": "accept"}})
    await client.send_notice(openid, "S1", {"thing1": "到货"})
    assert [content["content"] for content in await wechat.shown()] == ["已发货", "到货"]
    with pytest.raises(WechatFault) as caught:
        await client.send_template(openid, "T1", {"thing1": "字" * 21})
    assert caught.value.errcode == 47003


@pytest.mark.parametrize("snapshot", [False, True])
async def test_who_logged_in_on_a_page_is_known_once_per_code(wechat, client, snapshot):
    openid = await wechat.user()
    await wechat.control("PATCH", "/users/li", {"snapshot": snapshot})
    await wechat.control("PATCH", "/accounts/care", {"oauth_domains": ["shop.example"]})
    account = wechat.account()
    query = {
        "appid": account.appid,
        "redirect_uri": "https://shop.example/back",
        "response_type": "code",
        "scope": "snsapi_base",
        "emulated_user": "li",
    }
    url = f"{wechat.url}/connect/oauth2/authorize"
    async with aiohttp.ClientSession() as session, session.get(url, params=query, allow_redirects=False) as response:
        code = URL(response.headers["Location"]).query["code"]
    found = await client.web_user(code)
    assert found.is_snapshotuser == snapshot
    assert (found.openid == openid) == (not snapshot)
    with pytest.raises(WechatFault) as caught:
        await client.web_user(code)
    assert caught.value.errcode == 40163

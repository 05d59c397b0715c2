"""What customers send that is no text: it is fetched and kept, or missing for a reason, and always a message."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from bot.storage.database import Addresses
from tests.integration.wechat_edge.phones import Wechat, wechat

pytestmark = pytest.mark.heavy

GET = "/cgi-bin/media/get"
FILES = "SELECT type, message_id IS NOT NULL FROM bot.blobs ORDER BY created_at"
SAID = "SELECT count(*) FROM bot.messages WHERE direction = 'in'"
RECEIVED = "文件已收到"
NOT_A_PICTURE = b64encode(b"#!/bin/sh\necho this is no picture\n").decode()


async def answer_to(phones: Wechat, act: str, **body: Any) -> str:
    """The last thing the phone shows after a user did something."""
    push = await phones.do("li", act, **body)
    assert push["attempts"][-1]["outcome"] == "answered", push
    return (await phones.shown())[-1][1]


async def test_files_are_fetched_and_kept_with_their_message(phones: Wechat) -> None:
    await phones.user()
    with phones.server() as server:
        await phones.push_to(server)
        for act in ("image", "voice", "video", "shortvideo"):
            assert RECEIVED in await answer_to(phones, act), act
    assert phones.rows(FILES) == [(kind, True) for kind in ("image/png", "audio/amr", "video/mp4", "video/mp4")]
    assert phones.rows(SAID) == [(4,)]
    assert await phones.emulator.calls(GET) == [0] * 4


async def test_a_voice_with_words_is_understood_by_them(phones: Wechat) -> None:
    await phones.user()
    await phones.user("wang")
    with phones.server() as server:
        await phones.push_to(server)
        spoken = await answer_to(phones, "voice", recognition="我要退货")
        await phones.do("wang", "text", content="我要退货")
        [(_, written)] = await phones.shown("wang")
    assert spoken == written
    assert phones.rows(FILES) == [("audio/amr", True)]


async def test_a_file_that_is_missing_is_a_message_with_a_reason(phones: Wechat) -> None:
    await phones.user()
    small = '{"media_bytes": 1024}'
    with phones.server(account=small) as server:
        await phones.push_to(server)
        assert "打不开" in await answer_to(phones, "image", data=NOT_A_PICTURE)
        assert "太大" in await answer_to(phones, "image", data=b64encode(bytes(4096)).decode())
        await phones.emulator.fault("errcode", GET, errcode=40007, count=1)
        assert "没有收到" in await answer_to(phones, "image")
        assert "表情" in await answer_to(phones, "text", content="【收到不支持的消息类型，暂无法显示】")
        push = {"type": "x", "fields": {"MsgType": "hologram", "MsgId": "77", "Beam": "b"}, "answerable": True}
        assert "表情" in await answer_to(phones, "push", **push)
    assert phones.rows("SELECT count(*) FROM bot.blobs") == [(0,)]
    assert phones.rows(SAID) == [(5,)]
    assert phones.rows("SELECT kind, sealed_raw IS NOT NULL FROM bot.channel_events") == [("unknown", True)]


async def test_a_file_that_comes_slowly_is_answered_with_wechat_s_second_try(phones: Wechat) -> None:
    await phones.user()
    await phones.emulator.fault("latency", GET, seconds=6, count=1)
    with phones.server() as server:
        await phones.push_to(server)
        push = await phones.do("li", "image")
        assert [one["outcome"] for one in push["attempts"]] == ["timeout", "answered"]
        [(how, words)] = await phones.shown()
    assert how == "passive"
    assert RECEIVED in words
    assert phones.rows(FILES) == [("image/png", True)]
    assert phones.rows(SAID) == [(1,)]


async def test_places_links_and_taps_are_words_that_flows_understand(phones: Wechat) -> None:
    await phones.user()
    place = "上海市浦东新区世纪大道 100 号 5 楼"
    with phones.server() as server:
        await phones.push_to(server)
        assert "位置已收到" in await answer_to(phones, "location", x=31.239692, y=121.499755, scale=15, label="")
        assert "退货" in await answer_to(phones, "link", title="退货政策", description="", url="https://example.com/a")
        assert "抱歉" in await answer_to(phones, "link", title="", description="", url="https://example.com/a")
        await phones.do("li", "text", content="修改我的地址")
        answer = await answer_to(phones, "location", x=31.239692, y=121.499755, scale=15, label=place)
        assert "世纪大道" in answer


async def test_an_account_that_may_fetch_no_media_has_pictures_by_their_address(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    async with wechat(demo_addresses, tmp_path, {"kind": "subscription", "verified": False}) as phones:
        await phones.user()
        with phones.server(account='{"kind": "subscription"}') as server:
            await phones.push_to(server)
            assert RECEIVED in await answer_to(phones, "image")
            assert "没有收到" in await answer_to(phones, "video")
        assert await phones.emulator.calls(GET) == [48001, 48001]
        assert phones.rows(FILES) == [("image/png", True)]

"""Pages, music, mini programs and what the account has at WeChat: as cards where WeChat takes them, else as words."""

from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from bot.domain.message import Body
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.bodies import seal_body
from bot.storage.database import Addresses, make_engine
from crm_adapter.encryption.vault import load_key
from tests.integration.wechat_edge.phones import ACCOUNT, Wechat, wechat
from tests.integration.wechat_edge.test_service import TO_QUEUE

pytestmark = pytest.mark.heavy

MATERIALS = ["material-1", "article-1", "card-1"]
PAGE = {"label": "选购", "url": "https://e.example/g", "description": "怎么选", "image": "https://e.example/i.jpg"}
MADE_THERE = [
    {"label": "新品", "url": "https://e.example/n", "media_id": "material-1"},
    {"label": "说明", "url": "https://e.example/p", "article_id": "article-1"},
    {"label": "优惠券", "url": "https://e.example/c", "card_id": "card-1"},
]
_LINE = text("SELECT bot.desk_line(id, 'bot', :message, :body, now(), '', '[]'::jsonb) FROM bot.conversations")
_WAITS = text("UPDATE bot.outbox SET due_at = now() + interval '1 day' WHERE message_id = :message")
SENT = "SELECT 1 FROM bot.outbox HAVING count(*) FILTER (WHERE state <> 'sent') = 0"


async def say(addresses: Addresses, body: Body, *, waits: bool = False) -> UUID:
    """One more line to the one customer, as what an action says is queued."""
    engine, number = make_engine(addresses.application_url, Settings()), uuid7()
    async with engine.begin() as connection:
        key = await load_key(connection, KEYS, await connection.scalar(text("SELECT key_id FROM crm.identities")))
        await connection.execute(_LINE, {"message": number, "body": seal_body(key, number, body)})
        if waits:
            await connection.execute(_WAITS, {"message": number})
    await engine.dispose()
    return number


async def thumb(phones: Wechat) -> str:
    """A small picture that WeChat has."""
    async with aiohttp.ClientSession(phones.emulator.url) as session:
        query = {"grant_type": "client_credential", "appid": ACCOUNT["appid"], "secret": ACCOUNT["secret"]}
        async with session.get("/cgi-bin/token", params=query) as response:
            token = (await response.json(content_type=None))["access_token"]
        form = aiohttp.FormData()
        form.add_field("media", b"\xff\xd8\xff\xe0" + bytes(60), filename="thumb.jpg")
        where = {"access_token": token, "type": "thumb"}
        async with session.post("/cgi-bin/media/upload", params=where, data=form) as response:
            return str((await response.json(content_type=None))["thumb_media_id"])


async def lines(phones: Wechat, how: str, count: int) -> list[dict[str, Any]]:
    """What the phone shows of one way."""
    found = await phones.emulator.control("GET", f"/users/li/phone?wait=15&how={how}&count={count}")
    return list(found["lines"])


async def test_cards_go_both_ways(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {"materials": MATERIALS}) as phones:
        await phones.user()
        picture = await thumb(phones)
        song = {"title": "歌", "description": "短", "url": "https://e.example/m.mp3", "thumb_media_id": picture}
        program = {"app_id": "wx1", "path": "pages/o?id=1", "thumb_media_id": picture}
        order = {"label": "订单", "url": "https://e.example/o", "mini_program": program}
        with phones.server() as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="你们几点营业？")
            phones.rows(TO_QUEUE)
            await say(demo_addresses, {"music": song, "links": [PAGE, order]})
            await lines(phones, "custom", 3)
            await phones.until(SENT)
            await phones.do("li", "text", content="还有吗")
            await say(demo_addresses, {"links": MADE_THERE})
            served = await lines(phones, "custom", 6)
            await phones.until(SENT)
            said: list[Body] = [{"music": song}, {"links": [PAGE]}, {"links": [order]}, {"links": MADE_THERE[2:]}]
            for body in said:
                await say(demo_addresses, body, waits=True)
                await phones.do("li", "text", content="在吗")
            replies = (await lines(phones, "passive", 5))[-4:]
    kinds = ["music", "news", "miniprogrampage", "mpnews", "mpnewsarticle", "wxcard"]
    assert [line["type"] for line in served] == kinds
    assert [line["type"] for line in replies] == ["music", "news", "text", "text"]
    assert [line["content"]["url"] for line in (served[0], replies[0])] == ["https://e.example/m.mp3"] * 2
    assert [line["content"]["articles"][0]["title"] for line in (served[1], replies[1])] == ["选购"] * 2
    assert (served[2]["content"]["appid"], served[2]["content"]["pagepath"]) == ("wx1", "pages/o?id=1")
    assert [served[3 + place]["content"][name] for place, name in enumerate(("media_id", "article_id", "card_id"))] == (
        MATERIALS
    )
    words = [line["content"]["content"] for line in replies[2:]]
    assert words == ["订单: https://e.example/o", "优惠券: https://e.example/c"]

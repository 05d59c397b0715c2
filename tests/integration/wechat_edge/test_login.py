"""A visitor of a web page logs in with WeChat: the whole way, and everything that is no way."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.storage.database import Addresses
from tests.integration.chat_calls import say
from tests.integration.wechat_edge.phones import Wechat, wechat
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

LOGIN = {"web_login": ["shop"]}
SECRET = "what only this chat knows"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(SECRET.encode()).digest()).decode().rstrip("=")
FOLLOWS = "SELECT contact_id FROM crm.identities WHERE channel = 'wechat' AND account = 'care'"
TOKEN = "/sns/oauth2/access_token"


class Browser:
    """One browser: its cookies, and the chat in it."""

    def __init__(self, phones: Wechat, server: LiveServer, session: aiohttp.ClientSession, token: str) -> None:
        self.phones, self.server, self.session, self.token = phones, server, session, token

    async def goes(self, address: str | URL, **headers: str) -> tuple[int, str, str]:
        """Where it is sent by an address: status, Location, and the page's text."""
        url = URL(str(address), encoded=True)
        async with self.session.get(url, allow_redirects=False, headers=headers) as response:
            return response.status, response.headers.get("Location", ""), await response.text()

    async def starts(self, **changes: str) -> tuple[int, str, str]:
        query = {"channel": "shop", "challenge": CHALLENGE, "return": f"{self.server.url}/demo/?a=1#x", **changes}
        return await self.goes(URL(f"{self.server.url}/channels/care/oauth/start").with_query(query))

    async def logs_in(self) -> str:
        """By WeChat's page to the page it came from: the proof that is handed over there."""
        _, authorize, _ = await self.starts()
        _, back, _ = await self.goes(authorize)
        status, home, page = await self.goes(back)
        assert status == 303, page
        assert home.startswith(f"{self.server.url}/demo/?a=1#yingda-wechat=")
        return home.partition("=1#yingda-wechat=")[2]

    async def ends(self, proof: str, secret: str = SECRET) -> tuple[int, Any]:
        """What the chat is told when it ends the log-in."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.server.url}/channels/shop/wechat"
        async with self.session.post(url, json={"proof": proof, "secret": secret}, headers=headers) as response:
            answer = await response.json()
            return response.status, answer.get("code", answer)


@asynccontextmanager
async def browser(phones: Wechat, server: LiveServer, user: str = "li") -> AsyncIterator[Browser]:
    """A new one, in which ``user`` is logged in at WeChat."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        session.cookie_jar.update_cookies({"emulated_user": user}, URL(phones.emulator.url))
        async with session.post(f"{server.url}/channels/shop/session", json={"locale": "en"}) as response:
            opened = await response.json()
        assert opened["wechat_login"] == "care"
        yield Browser(phones, server, session, opened["token"])


@asynccontextmanager
async def house(addresses: Addresses, folder: Path, **account: Any) -> AsyncIterator[tuple[Wechat, LiveServer]]:
    async with wechat(addresses, folder, account) as phones:
        await phones.user()
        with phones.server(account=json.dumps(LOGIN | account)) as server:
            await phones.push_to(server)
            yield phones, server


async def test_a_visitor_and_a_follower_become_one_customer(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with house(demo_addresses, tmp_path) as (phones, server), browser(phones, server) as one:
        await phones.do("li", "text", content="你们几点营业？")
        await say(one.session, server, one.token, "hello")
        assert len(phones.rows("SELECT DISTINCT contact_id FROM crm.identities")) == 2
        _, authorize, _ = await one.starts()
        asked = URL(authorize)
        assert list(asked.query) == ["appid", "redirect_uri", "response_type", "scope", "state"]
        assert (asked.query["scope"], asked.fragment) == ("snsapi_base", "wechat_redirect")
        proof = await one.logs_in()
        assert await one.ends(proof) == (200, {"joined": True})
        assert phones.rows("SELECT DISTINCT assurance FROM crm.identities") == [("verified",)]
        assert len(phones.rows("SELECT DISTINCT contact_id FROM crm.identities")) == 1
        assert await one.ends(proof) == (409, "login_used")
        # The chat goes on as before.
        await phones.do("li", "text", content="在吗")


async def test_nobody_ends_what_another_browser_began(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with (
        house(demo_addresses, tmp_path) as (phones, server),
        browser(phones, server, "mallory") as mallory,
        browser(phones, server) as li,
    ):
        await phones.user("mallory")
        await phones.do("li", "text", content="在吗")
        # A link that somebody else began, opened by the victim at WeChat and at our callback.
        _, authorize, _ = await mallory.starts()
        _, back, _ = await li.goes(authorize)
        status, home, page = await li.goes(back, **{"Accept-Language": "zh-TW"})
        assert (status, home) == (400, "")
        assert "登入不是在這個瀏覽器裡開始的" in page
        # The other way round: the victim is to end what the attacker has proven.
        assert await li.ends(await mallory.logs_in(), "not the secret of mallory") == (400, "login_invalid")
        # The proof is for the chat that kept the secret, wherever its address went.
        for proof in ("", "x", await li.logs_in() + "x"):
            assert (await li.ends(proof))[0] == 400
        # A state that is forged, of another start, or without a cookie.
        _, authorize, _ = await li.starts()
        _, back, _ = await li.goes(authorize)
        assert (await li.goes(URL(back).update_query(state="0" * 64)))[0] == 400
        assert "yingda-wechat" not in (await mallory.goes(back))[1]
        assert phones.rows(f"SELECT count(*) FROM ({FOLLOWS}) AS known") == [(1,)]
        assert phones.rows("SELECT count(*) FROM crm.identities WHERE channel = 'web'") == [(0,)]


async def test_a_way_back_leads_to_our_pages_only(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with house(demo_addresses, tmp_path) as (phones, server), browser(phones, server) as one:
        port = URL(server.url).port
        for wrong in (
            "https://evil.example/",
            "//evil.example/",
            "/demo/",
            "javascript:alert(1)",
            f"http://127.0.0.1:{port}@evil.example/",
            f"http://li@127.0.0.1:{port}/",
            f"http://127.0.0.1:{port}.evil.example/",
            f"http://127.0.0.1:{port}\\@evil.example/",
            f"http://127.0.0.1:{port}/\r\nSet-Cookie: a=b",
            f"ftp://127.0.0.1:{port}/",
            f"http://127.0.0.1:{port}/" + "x" * 2000,
            "",
        ):
            status, location, page = await one.starts(**{"return": wrong})
            assert (status, location) == (400, ""), wrong
            assert "evil" not in page
        for changes in ({"channel": "nobody"}, {"challenge": "short"}, {"challenge": CHALLENGE[:-1] + "!"}):
            assert (await one.starts(**changes))[:2] == (400, "")
        status, _, _ = await one.goes(f"{server.url}/channels/shop/oauth/start")
        assert status == 404


async def test_what_wechat_does_not_confirm_ends_with_a_page(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with house(demo_addresses, tmp_path) as (phones, server), browser(phones, server) as one:

        async def page_of(back: str, language: str = "en") -> tuple[int, str]:
            status, location, page = await one.goes(back, **{"Accept-Language": language})
            assert location == ""
            assert f'href="{server.url}/demo/?a=1"' in page
            return status, page

        async def back() -> str:
            _, authorize, _ = await one.starts()
            return (await one.goes(authorize))[1]

        await phones.emulator.control("PATCH", "/users/li", {"snapshot": True})
        status, page = await page_of(await back(), "zh-CN")
        assert status == 403
        assert "快照页" in page
        await phones.emulator.control("PATCH", "/users/li", {"snapshot": False})
        status, page = await page_of(str(URL(await back()).update_query(code="wrong")))
        assert (status, "too long" in page) == (400, True)
        status, page = await page_of(str(URL(await back()).without_query_params("code")))
        assert (status, "did not allow" in page) == (403, True)
        await phones.emulator.fault("latency", TOKEN, seconds=30, count=1)
        status, page = await page_of(await back())
        assert (status, "could not be checked" in page) == (503, True)
        await phones.emulator.control("DELETE", "/faults")
        # Once is once, also within the ten minutes.
        address = await back()
        assert (await one.goes(address))[0] == 303
        assert (await one.goes(address))[0] == 400
        assert phones.rows("SELECT count(*) FROM crm.identities") == [(0,)]


async def test_who_has_written_nothing_anywhere_is_known_once_they_log_in(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    bound = {"open_platform": "group"}
    async with house(demo_addresses, tmp_path, **bound) as (phones, server), browser(phones, server) as one:
        assert phones.rows("SELECT * FROM crm.contacts") == []
        assert await one.ends(await one.logs_in()) == (200, {"joined": True})
        await phones.until("SELECT 1 FROM bot.wechat_unionids WHERE found")
        assert phones.rows("SELECT count(*), count(DISTINCT contact_id) FROM crm.identities") == [(3, 1)]
        push = await phones.do("li", "text", content="在吗")
        assert [attempt["outcome"] for attempt in push["attempts"]] == ["answered"]
        await say(one.session, server, one.token, "hello")
        assert phones.rows("SELECT count(*), count(DISTINCT contact_id) FROM crm.identities") == [(3, 1)]

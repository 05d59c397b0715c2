"""A visitor of the shop's page logs in with WeChat from the chat, in a real browser, by the emulated WeChat."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.storage.database import Addresses
from tests.e2e.console_page import chromium
from tests.e2e.widget_page import customer
from tests.integration.wechat_edge.phones import wechat

pytestmark = pytest.mark.heavy

LOGIN = json.dumps({"web_login": ["shop"]})
IN_WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
ONE = "SELECT count(DISTINCT contact_id), count(*) FROM crm.identities WHERE assurance = 'verified'"


async def test_from_the_chat_to_wechat_and_back(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {}) as phones, chromium() as browser:
        await phones.user()
        with phones.server(account=LOGIN) as server:
            await phones.push_to(server)
            await phones.do("li", "text", content="在吗")
            async with customer(browser, server.url, user_agent=IN_WECHAT) as visitor:
                cookie = {"name": "emulated_user", "value": "li", "url": phones.emulator.url}
                await visitor.context.add_cookies([cookie])  # type: ignore[list-item]
                await visitor.visit()
                await visitor.ask("你们几点营业？")
                await expect(visitor.notice).to_have_count(1)
                before = await visitor.shown()
                assert await visitor.barriers() == []
                await visitor.picture("login-offer")
                await visitor.frame.get_by_role("button", name="微信登录").click()
                await expect(visitor.frame.get_by_text("您已用微信登录。")).to_be_visible()
                assert visitor.page.url == f"{server.url}/demo/?lang=zh-Hans"
                assert phones.rows(ONE) == [(1, 2)]
                shown = visitor.frame.locator(".bubble .card")
                await expect(shown).to_have_text(before, use_inner_text=True)
                await visitor.check_policy()
                # Who has logged in is not asked to again.
                await visitor.page.reload()
                await visitor.open()
                await expect(visitor.frame.get_by_role("button", name="微信登录")).to_be_hidden()


async def test_elsewhere_than_in_wechat_it_is_not_offered(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {}) as phones, chromium() as browser:
        with phones.server(account=LOGIN) as server:
            async with customer(browser, server.url) as visitor:
                await visitor.visit()
                await visitor.ask("你们几点营业？")
                await expect(visitor.frame.get_by_role("button", name="微信登录")).to_be_hidden()

"""The privacy policy in a real browser: one step from the chat, in its language, readable on a phone, day and night."""

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import chromium
from tests.e2e.widget_page import customer
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

TITLES = {"zh-Hans": "隐私政策", "zh-Hant": "隱私權政策", "en": "Privacy policy"}


@pytest.mark.parametrize("lang", TITLES)
async def test_the_chat_leads_to_it_in_a_tab_of_its_own(live_server: LiveServer, lang: str) -> None:
    scheme = "dark" if lang == "en" else "light"
    async with (
        chromium() as browser,
        customer(browser, live_server.url, viewport={"width": 375, "height": 720}, color_scheme=scheme) as someone,
    ):
        await someone.visit(lang)
        async with someone.context.expect_page() as opening:
            await someone.frame.locator("footer a").click()
        page = await opening.value
        await expect(page.locator("h1")).to_have_text(TITLES[lang])
        assert page.url == f"{live_server.url}/privacy?lang={lang}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= 375, "nothing sticks out of a phone"
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(24, 21, 19)" if scheme == "dark" else "rgb(251, 247, 240)"), (
            "its own style is allowed"
        )
        assert await page.evaluate("window.opener") is None


async def test_the_demo_shop_leads_to_it(live_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, live_server.url) as someone:
        await someone.page.goto(f"{someone.url}/demo/?lang=zh-Hant")
        async with someone.context.expect_page() as opening:
            await someone.page.locator("#privacy").click()
        await expect((await opening.value).locator("h1")).to_have_text(TITLES["zh-Hant"])

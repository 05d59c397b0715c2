"""Whoever writes for the first time sees in the widget how their data is used."""

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import chromium
from tests.e2e.widget_page import customer
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

NOTICE = {
    "zh-Hans": ("怎么退货？", "不同意也照常为您服务", "隐私政策"),
    "zh-Hant": ("怎麼退貨？", "不同意也照常為您服務", "隱私權政策"),
    "en": ("How do I return a product?", "we serve you just the same", "Privacy policy"),
}


@pytest.mark.parametrize("lang", NOTICE)
async def test_a_first_contact_is_told_once_how_their_data_is_used(shop_server: LiveServer, lang: str) -> None:
    question, words, link = NOTICE[lang]
    phone = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
    async with (
        chromium() as browser,
        customer(browser, shop_server.url, **phone) as someone,
    ):
        notice = someone.frame.locator(".bubble.bot:has(a[href*='/privacy?'])")
        await someone.visit(lang)
        await someone.ask(question)
        await expect(notice.locator(".card")).to_contain_text(words)
        policy = notice.get_by_role("link", name=link)
        assert (await policy.get_attribute("href") or "").endswith(f"/privacy?lang={lang}")
        await someone.picture(f"first-contact-{lang}")
        assert await someone.barriers() == []
        await someone.say(question)
        await expect(someone.frame.locator(".bubble.bot")).to_have_count(3)
        await expect(notice).to_have_count(1)
        await someone.check_policy()

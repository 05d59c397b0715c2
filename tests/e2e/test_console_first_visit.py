"""From the printed link to the customer's words: what a newcomer does first."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import PASSWORD, chat, chromium, console
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

QUESTION = "怎么退货？"


async def test_the_first_link_leads_to_the_chat_just_had(live_server: LiveServer) -> None:
    async with chromium() as browser, console(browser, live_server.url) as staff:
        page = staff.page
        await page.goto(live_server.admin_link)
        await page.fill("#password", "short")
        await page.fill("#repeat", "shirt")
        await expect(page.get_by_text("两次输入不一致")).to_be_visible()
        await page.fill("#repeat", "short")
        await page.press("#repeat", "Enter")
        await expect(page.locator(".note")).to_contain_text("10 到 200 个字符")
        assert await staff.barriers() == []
        await staff.enter(live_server.admin_link)
        await expect(page.get_by_role("heading", level=1)).to_have_text("互动记录")
        assert "token=" not in page.url

        # Nothing yet: the page says what to do, and fills by itself.
        await expect(page.get_by_text("还没有互动记录")).to_be_visible()
        await staff.picture("interactions-empty")
        [answer] = await chat(live_server.url, QUESTION)
        rows = page.locator(".interaction-table tbody tr")
        asked = rows.filter(has_text=QUESTION).filter(has=page.locator(".direction.in"))
        await expect(asked).to_have_count(1)
        await expect(asked).to_contain_text("网页")
        await expect(asked).to_contain_text("收到")
        await expect(asked.locator(".outcome")).not_to_be_empty()
        await expect(asked.locator(".cell-latency")).to_contain_text("ms")
        stamp = asked.locator("time")
        assert "年" in (await stamp.get_attribute("title") or ""), "the exact time is told on hovering"
        assert await staff.barriers() == []
        await staff.picture("interactions-light")

        # The row opens the conversation, by keyboard as well.
        await page.locator("h1").click()
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        thread = page.get_by_role("log")
        await expect(thread.locator(".in").filter(has_text=QUESTION)).to_be_visible()
        answered = thread.locator(".out").filter(has_text=answer["body"]["text"].splitlines()[0][:20])
        await expect(answered).to_be_visible()
        await expect(answered).not_to_contain_text("](")  # marks of links are shown as links
        assert await staff.barriers() == []
        await staff.picture("conversation-light")
        await page.keyboard.press("Escape")
        await expect(thread).to_be_hidden()
        # The focus goes back to where it came from.
        await expect(page.locator(".row-open:focus")).to_have_count(1)

        # From the row to the customer.
        await asked.locator("a.name").click()
        await page.get_by_role("link", name="账号与合并").click()
        await expect(page.get_by_role("heading", name="渠道身份")).to_be_visible()
        await expect(page.locator("section[aria-labelledby='known-by']")).to_contain_text("匿名")
        await page.get_by_role("link", name="沟通").click()
        await expect(asked).to_have_count(1)
        await page.locator("section[aria-labelledby='conversations'] li button").click()
        await expect(page.get_by_role("log")).to_contain_text(QUESTION)
        await page.keyboard.press("Escape")
        assert await staff.barriers() == []
        await staff.picture("contact-light")
        await staff.check_policy()

        # The link is used up; the password works.
        async with console(browser, live_server.url) as other:
            await other.page.goto(live_server.admin_link)
            await other.page.fill("#password", PASSWORD)
            await other.page.fill("#repeat", PASSWORD)
            await other.page.press("#repeat", "Enter")
            await expect(other.page.get_by_text("链接已失效")).to_be_visible()
            await other.check_policy()


async def test_every_page_of_the_first_administrator(live_server: LiveServer) -> None:
    await chat(live_server.url, QUESTION, "保修多久", "zzzz qqqq", locale="zh-Hans")
    await chat(live_server.url, "How long does delivery take?", locale="en")
    async with chromium() as browser, console(browser, live_server.url, locale="en-GB") as staff:
        page = staff.page
        await staff.enter(live_server.admin_link)

        await page.get_by_role("link", name="Contacts").click()
        await expect(page.locator(".contact-table tbody tr")).to_have_count(2)
        await page.locator("input[data-search], [data-search] input").fill("nobody of that name")
        await expect(page.get_by_text("No contact matches")).to_be_visible()
        await page.get_by_role("button", name="Clear").last.click()
        await expect(page.locator(".contact-table tbody tr")).to_have_count(2)
        assert await staff.barriers() == []

        await page.get_by_role("link", name="Knowledge").click()
        articles = page.locator(".article-table tbody tr")
        await expect(articles.nth(29)).to_be_attached()
        await articles.first.get_by_role("button").click()
        await expect(page.locator(".article .answer")).not_to_be_empty()
        await page.locator(".article").get_by_text("简体中文").click()
        await expect(page.locator(".article .answer")).to_have_text(re.compile("[\u4e00-\u9fff]"))
        assert await staff.barriers() == []
        await page.keyboard.press("Escape")

        await page.get_by_role("link", name="Status").click()
        await expect(page.locator(".parts li").filter(has_text="Database").first).to_contain_text("Works")
        await expect(page.locator(".verdict")).to_contain_text("Version")
        assert await staff.barriers() == []

        await staff.open("/account")
        await expect(page.locator("section").filter(has_text="Sessions")).to_contain_text("This browser")
        assert await staff.barriers() == []

        await staff.open("/nowhere")
        await expect(page.get_by_text("There is nothing here")).to_be_visible()

        # Filters live in the address.
        await staff.open("/interactions?outcome=none&q=zzzz")
        rows = page.locator(".interaction-table tbody tr")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("zzzz qqqq")
        await page.get_by_role("button", name="Clear filters").click()
        await expect(rows.nth(4)).to_be_visible()
        assert page.url.endswith("#/interactions")
        await staff.check_policy()

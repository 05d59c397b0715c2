"""A customer asks for a person in the widget; people at the desk take, answer and resolve, each in a browser."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.console_page import Console, chromium, console
from tests.e2e.widget_page import customer
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy
DESK = "**/api/queue/**"


async def _colleague(administrator: Console, name: str, shown: str) -> str:
    """The one-time link of somebody new at the desk."""
    wanted = {"name": name, "display_name": shown, "roles": ["agent"]}
    return str((await administrator.api("POST", "/api/staff", wanted))["link"])


async def _read_nothing(page: Page) -> None:
    """From now on the page learns nothing new of the desk; what it does still arrives."""

    async def refuse(route: Route) -> None:
        await (route.abort() if route.request.method == "GET" else route.continue_())

    await page.route(DESK, refuse)


async def test_a_customer_is_taken_answered_and_helped(live_server: LiveServer) -> None:
    async with (
        chromium() as browser,
        console(browser, live_server.url) as administrator,
        console(browser, live_server.url, viewport={"width": 1400, "height": 860}) as mei,
        console(browser, live_server.url) as li,
        customer(browser, live_server.url) as buyer,
    ):
        await administrator.enter(live_server.admin_link)
        await mei.enter(await _colleague(administrator, "mei", "梅芳"))
        await li.enter(await _colleague(administrator, "li", "李强"))
        for one in (mei, li):
            await one.open("/queue")
            await expect(one.page.get_by_text("没有人在等")).to_be_visible()
        await mei.picture("queue-empty")

        await buyer.visit()
        await buyer.ask("怎么退货？")
        await buyer.ask("转人工")
        # It comes by itself, on every desk.
        for one in (mei, li):
            await expect(one.page.locator(".queue-list .visit")).to_have_count(1)
        assert await mei.barriers() == []
        await li.page.locator(".queue-list .visit").click()
        await expect(li.page.get_by_role("button", name="接手")).to_be_visible()
        await _read_nothing(li.page)

        # With the keyboard alone: to the customer, take, type, send.
        await mei.page.locator(".queue-list .visit").focus()
        await mei.page.keyboard.press("Enter")
        await mei.page.get_by_role("button", name="接手").focus()
        await mei.page.keyboard.press("Enter")
        await expect(mei.page.get_by_role("textbox", name="回复客户")).to_be_focused()
        await mei.page.keyboard.type("您好，我是梅芳。")
        await mei.page.keyboard.press("Enter")
        await mei.page.keyboard.type("请告诉我订单号。")
        await mei.page.keyboard.press("Control+Enter")
        answer = buyer.frame.locator(".bubble.agent")
        await expect(answer).to_have_count(1)
        await expect(answer).to_contain_text("请告诉我订单号。")
        await expect(mei.page.locator(".bubble-row.out").last).to_contain_text("您好，我是梅芳。")

        # The colleague whose page has not heard of it yet is told who has the customer.
        await li.page.get_by_role("button", name="接手").click()
        await expect(li.page.get_by_text("梅芳 正在接待这位客户。").first).to_be_visible()
        await li.page.unroute(DESK)
        await expect(li.page.get_by_role("button", name="接手")).to_be_hidden()
        await expect(li.page.get_by_role("textbox", name="回复客户")).to_be_hidden()

        before = await buyer.answers.count()
        await buyer.say("订单号 A1024，谢谢")
        await expect(mei.page.locator(".bubble-row.in").last).to_contain_text("A1024")
        await expect(buyer.answers).to_have_count(before)
        assert await mei.barriers() == []
        await mei.picture("queue-mine")

        await mei.page.get_by_role("button", name="已解决").click()
        await mei.page.get_by_role("dialog").get_by_role("button", name="已解决").click()
        await expect(mei.page.get_by_text("这段对话已经结束。")).to_be_visible()
        await expect(mei.page.locator(".queue-list .visit")).to_have_count(0)
        before = await buyer.answers.count()
        await buyer.say("怎么退货？")
        await expect(buyer.answers.nth(before)).to_be_visible()
        await expect(buyer.frame.locator(".bubble.agent")).to_have_count(1)
        await mei.check_policy()


async def test_what_is_lost_and_found_again(live_server: LiveServer) -> None:
    async with (
        chromium() as browser,
        console(browser, live_server.url) as administrator,
        console(browser, live_server.url, viewport={"width": 390, "height": 780}, color_scheme="dark") as mei,
        customer(browser, live_server.url) as buyer,
    ):
        await administrator.enter(live_server.admin_link)
        await mei.enter(await _colleague(administrator, "mei", "梅芳"))
        await mei.open("/queue")
        await buyer.visit()
        await buyer.ask("怎么退货？")
        await buyer.ask("转人工")
        page = mei.page
        await page.locator(".queue-list .visit").click()
        # On a phone the conversation stands alone, with a way back.
        await expect(page.locator(".queue-list")).to_be_hidden()
        await page.get_by_role("button", name="接手").click()
        field = page.get_by_role("textbox", name="回复客户")
        await mei.picture("queue-phone-dark")
        assert await mei.barriers() == []
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

        # The network goes in the middle of an answer: the words stay, and are sent once when it is back.
        await mei.context.set_offline(True)
        await field.fill("稍等，我查一下。")
        await page.get_by_role("button", name="发送").click()
        await expect(page.locator(".answer .fault")).to_be_visible()
        await expect(page.get_by_text("恢复后会自动更新").first).to_be_visible()
        await expect(field).to_have_value("稍等，我查一下。")
        await mei.context.set_offline(False)
        await expect(page.get_by_text("恢复后会自动更新")).to_be_hidden()
        await page.get_by_role("button", name="发送").click()
        await expect(field).to_have_value("")
        await expect(buyer.frame.locator(".bubble.agent")).to_have_count(1)

        # Given back, it waits again; the draft of another visit is none of this one's.
        await page.get_by_role("button", name="放回队列").click()
        await expect(page.get_by_role("button", name="接手")).to_be_visible()
        await page.get_by_role("button", name="接手").click()
        await page.get_by_role("button", name="交回智能助手").click()
        await expect(buyer.frame.locator(".bubble.bot").last).to_contain_text("交还给我")
        await expect(page.get_by_text("这段对话现在由智能助手接待。")).to_be_visible()
        await page.locator(".pane .back").click()
        await expect(page.get_by_text("没有人在等")).to_be_visible()

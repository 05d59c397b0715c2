"""While another server is asked, every tab of the customer shows that an answer is being written, and no longer."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.storage.database import Addresses
from tests.e2e.console_page import chromium
from tests.e2e.widget_page import Customer, customer
from tests.integration.outside_shop import outside_shop

pytestmark = pytest.mark.heavy

WRITING = "正在输入…"
_BEGIN = """async () => {
    const { token } = JSON.parse(localStorage.getItem('yingda:shop:session'))
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const body = JSON.stringify({ client_msg_id: 'begin', choice: 'start(ask_outside)' })
    await fetch('/channels/shop/messages', { method: 'POST', headers, body })
}"""


async def shows(one: Customer, on: bool) -> None:
    """To eyes and to ears."""
    await expect(one.frame.locator(".typing")).to_be_visible(visible=on)
    await expect(one.frame.get_by_role("status").filter(has_text=WRITING)).to_have_count(int(on))


async def test_an_outside_server_that_takes_long_is_seen_in_every_tab_and_after_a_reload(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    async with (
        outside_shop(demo_addresses, tmp_path) as (server, outside),
        chromium() as browser,
        customer(browser, server.url) as one,
    ):
        await one.visit()
        await one.ask("你好")
        await next(frame for frame in one.page.frames if "/widget/frame/" in frame.url).evaluate(_BEGIN)
        await expect(one.answers.last).to_contain_text("什么词？")
        two = Customer(one.context, await one.context.new_page(), server.url)
        await two.visit()
        for tab in (one, two):
            await shows(tab, False)

        outside.may_answer.clear()
        await one.ask("茶壶")
        for tab in (one, two):
            await shows(tab, True)
        assert await one.barriers() == []
        await one.picture("working")
        await one.page.reload()
        await one.open()
        await shows(one, True)

        await one.ask("怎么退货？")
        for tab in (one, two):
            await shows(tab, True)

        outside.may_answer.set()
        for tab in (one, two):
            await expect(tab.answers.last).to_contain_text("完成 7")
            await shows(tab, False)
            await tab.check_policy()

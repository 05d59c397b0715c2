"""Flows in the console: listed, drawn, under the strict policy, on a phone too."""

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import chromium, console
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy


async def test_a_flow_is_drawn_step_by_step(live_server: LiveServer) -> None:
    async with chromium() as browser, console(browser, live_server.url) as staff:
        page = staff.page
        await staff.enter(live_server.admin_link)
        await staff.open("/flows")
        await expect(page.get_by_role("heading", level=1)).to_have_text("流程")
        assert await staff.barriers() == []
        await staff.picture("flows")
        for flow in ("pattern_cancel_flow", "open_complaint"):
            body = await staff.api("GET", f"/api/flows/{flow}/graph")
            await page.get_by_text(flow, exact=True).first.click()
            drawn = page.locator(".side-panel svg .step")
            await expect(drawn).to_have_count(len(body["nodes"]))
            assert await staff.barriers() == []
            await staff.picture(f"flow-{flow}")
            await page.keyboard.press("Escape")
            await expect(drawn).to_have_count(0)
        await staff.check_policy()


async def test_flows_fit_on_a_phone(live_server: LiveServer) -> None:
    async with (
        chromium() as browser,
        console(browser, live_server.url, viewport={"width": 360, "height": 740}) as staff,
    ):
        await staff.enter(live_server.admin_link)
        await staff.open("/flows")
        await expect(staff.page.get_by_text("pattern_search", exact=True)).to_be_visible()
        assert await staff.page.evaluate("document.documentElement.scrollWidth") <= 360
        await staff.picture("flows-phone")
        await staff.check_policy()

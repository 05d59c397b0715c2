"""Language, theme and a phone's width."""

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import PASSWORD, Console, chat, chromium, console
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

PAGES = ("/interactions", "/contacts", "/knowledge", "/status", "/staff", "/account")


async def _brightness(staff: Console) -> int:
    """0 to 255, of the ground behind everything."""
    colour = await staff.page.evaluate("getComputedStyle(document.body).backgroundColor")
    channels = [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    return sum(channels) // 3


async def test_language_goes_with_the_account_and_theme_with_the_browser(live_server: LiveServer) -> None:
    async with chromium() as browser:
        async with console(browser, live_server.url) as staff:
            page = staff.page
            await staff.enter(live_server.admin_link)
            await expect(page.get_by_role("heading", level=1)).to_have_text("互动记录")
            assert await page.evaluate("document.documentElement.lang") == "zh-Hans"

            await page.locator(".me").click()
            await page.get_by_role("menuitem", name="繁體中文").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("互動紀錄")
            assert await page.evaluate("document.documentElement.lang") == "zh-Hant"

            await staff.open("/account")
            await page.locator(".cards").get_by_text("English", exact=True).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("My account")
            await expect(page).to_have_title("My account · Yingda")
            name = await page.locator("#own-name").input_value()

            assert await _brightness(staff) > 200
            await page.locator(".cards").get_by_text("Dark", exact=True).click()
            await expect(page.locator("html")).to_have_class("dark")
            assert await _brightness(staff) < 60
            await page.reload()
            await expect(page.get_by_role("heading", level=1)).to_have_text("My account")
            assert await _brightness(staff) < 60
            for place in PAGES:
                await staff.open(place)
                await expect(page.locator("h1")).to_be_visible()
                assert await staff.barriers() == [], place
                await staff.picture(f"{place.strip('/')}-dark")
            await staff.check_policy()

        # Another browser, Chinese and light: after sign-in it speaks the account's English.
        async with console(browser, live_server.url) as other:
            await other.open("/account")
            await expect(other.page.get_by_role("heading", level=1)).to_have_text("登录")
            await other.sign_in(name, PASSWORD)
            await expect(other.page.get_by_role("heading", level=1)).to_have_text("My account")
            assert await _brightness(other) > 200
            await other.check_policy()


async def test_dark_is_there_before_the_first_paint(live_server: LiveServer) -> None:
    async with chromium() as browser, console(browser, live_server.url) as staff:
        await staff.context.add_init_script("localStorage.setItem('yingda.theme', 'dark')")
        # With the console's own script held back, only what runs before the first paint has run.
        await staff.page.route("**/assets/index-*.js", lambda route: route.abort())
        await staff.page.goto(f"{live_server.url}/console/", wait_until="load")
        assert await _brightness(staff) < 60


async def test_a_phone_shows_every_page_without_sideways_scrolling(live_server: LiveServer) -> None:
    await chat(live_server.url, "怎么退货？", "保修期是多久？" * 60)
    async with (
        chromium() as browser,
        console(browser, live_server.url, viewport={"width": 390, "height": 844}, has_touch=True) as staff,
    ):
        page = staff.page
        await staff.enter(live_server.admin_link)
        for place in PAGES:
            await staff.open(place)
            await expect(page.locator("h1")).to_be_visible()
            await page.wait_for_load_state("networkidle")
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, place
            assert await staff.barriers() == [], place
            await staff.picture(f"{place.strip('/')}-phone")

        # A long text is cut, and opens.
        await staff.open("/interactions")
        long = page.locator(".interaction-table tbody tr").filter(has_text="保修期是多久").first
        text = long.locator(".text")
        before: int = await text.evaluate("(one) => one.clientHeight")
        await long.get_by_role("button", name="展开").click()
        assert await text.evaluate("(one) => one.clientHeight") > 2 * before

        # The navigation is behind a button, and goes away once it has led somewhere.
        contacts = page.get_by_role("link", name="联系人", exact=True)
        await expect(contacts).to_be_hidden()
        await page.get_by_role("button", name="打开导航").click()
        await contacts.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("联系人")
        await expect(contacts).to_be_hidden()
        await staff.check_policy()

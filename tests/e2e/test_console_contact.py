"""A contact's own page: a field mended, sensitive data shown for a reason, a consent recorded, a merge undone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.console_page import Console, chat, chromium, console
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

ID_NUMBER = "11010519491231002X"


@asynccontextmanager
async def colleague(browser: Browser, server: LiveServer, *roles: str) -> AsyncIterator[Console]:
    """Somebody with these roles, signed in; the first administrator is not allowed to see everything."""
    async with console(browser, server.url) as admin:
        await admin.enter(server.admin_link)
        invited = {"name": "mei", "display_name": "梅晓雨", "roles": list(roles)}
        link = (await admin.api("POST", "/api/staff", invited))["link"]
    async with console(browser, server.url) as staff:
        await staff.enter(link)
        yield staff


async def open_newest(staff: Console, tab: str = "profile") -> str:
    """The page of the contact that came last; its id."""
    contact = (await staff.api("GET", "/api/contacts"))["items"][0]["id"]
    await staff.open(f"/contacts/{contact}?tab={tab}")
    return str(contact)


async def test_a_bad_value_is_told_at_its_field_and_a_good_one_kept(live_server: LiveServer) -> None:
    await chat(live_server.url, "怎么退货？")
    async with chromium() as browser, colleague(browser, live_server, "crm_manager") as staff:
        page = staff.page
        contact = await open_newest(staff)
        row = page.locator(".fact").filter(has_text="电话")
        await row.get_by_role("button", name="编辑：电话").click()
        await page.keyboard.type("12345")
        await page.keyboard.press("Enter")
        await expect(row.get_by_role("alert")).to_contain_text("这不是有效的电话号码")
        assert await staff.barriers() == []
        await row.locator("input").fill("138 0013 8000")
        await page.keyboard.press("Enter")
        await expect(row).to_contain_text("+8613800138000")
        await expect(row).to_contain_text("来源：员工")
        await expect(row).to_contain_text("梅晓雨")
        await expect(row.get_by_role("button", name="编辑：电话")).to_be_focused()

        # Somebody else was faster: what was typed stays, and goes through once the new state is shown.
        name = page.locator(".fact").filter(has=page.get_by_role("button", name="编辑：姓名"))
        await name.get_by_role("button", name="编辑：姓名").click()
        row = page.locator(".fact").first
        await row.locator("input").fill("王芳")
        version = (await staff.api("GET", f"/api/contacts/{contact}/profile"))["version"]
        await staff.api(
            "PATCH",
            f"/api/contacts/{contact}/profile",
            {"expected_version": version, "fields": {"occupation": "教师"}},
        )
        await page.keyboard.press("Enter")
        await expect(row.get_by_role("alert")).to_contain_text("别人刚刚改过")
        await row.get_by_role("button", name="载入最新资料").click()
        await expect(page.locator(".fact").filter(has_text="职业")).to_contain_text("教师")
        await row.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("王芳")
        await staff.check_policy()


async def test_sensitive_data_is_shown_for_a_reason_only(live_server: LiveServer) -> None:
    await chat(live_server.url, f"我的身份证号是{ID_NUMBER}")
    async with chromium() as browser, colleague(browser, live_server, "agent") as staff:
        page = staff.page
        await open_newest(staff, "talk")
        table = page.locator(".interaction-table")
        await expect(table).to_contain_text("••••")
        await expect(table).not_to_contain_text(ID_NUMBER)
        await page.get_by_role("button", name="显示", exact=True).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="显示", exact=True).click()
        await expect(dialog).to_contain_text("请填写此项")
        assert await staff.barriers() == []
        await page.fill("#unmask-reason", "核对发票")
        await page.keyboard.press("Enter")
        await expect(table).to_contain_text(ID_NUMBER)
        await expect(page.locator(".unmask")).to_contain_text("理由：核对发票")
        await page.get_by_role("button", name="重新隐藏").click()
        await expect(table).not_to_contain_text(ID_NUMBER)
        await staff.check_policy()


async def test_a_choice_on_paper_is_recorded_with_its_receipt(live_server: LiveServer) -> None:
    await chat(live_server.url, "你好")
    async with chromium() as browser, colleague(browser, live_server, "agent") as staff:
        page = staff.page
        contact = await open_newest(staff, "consents")
        await expect(page.get_by_text("还没有询问过")).to_be_visible()
        await page.get_by_role("button", name="登记选择").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="登记", exact=True).click()
        await expect(dialog).to_contain_text("请填写此项")
        await page.fill("#choice-reply", "同意，签名见纸质表格")
        assert await staff.barriers() == []
        await dialog.get_by_role("button", name="登记", exact=True).click()
        await expect(page.get_by_text("已同意")).to_be_visible()
        event, notice = (await staff.api("GET", f"/api/contacts/{contact}/consents"))["events"]
        assert (event["event"], notice["event"]) == ("granted", "notice_shown")
        shown = page.locator(".contact-lines li").filter(has_text=event["receipt"])
        for words in (event["receipt"], "同意，签名见纸质表格", event["prompt"], "纸质", "梅晓雨", "告知第 1 版"):
            await expect(shown).to_contain_text(words)
        assert await staff.barriers() == []
        await staff.picture("contact-consents")
        await staff.check_policy()


async def test_contacts_are_merged_and_the_merge_is_undone(live_server: LiveServer) -> None:
    for text in ("怎么退货？", "保修多久？"):
        await chat(live_server.url, text)
    async with chromium() as browser, colleague(browser, live_server, "crm_manager") as staff:
        page = staff.page
        newest, other = (one["id"] for one in (await staff.api("GET", "/api/contacts"))["items"])
        for contact, name in ((newest, "王芳"), (other, "李雷")):
            change = {"expected_version": 1, "fields": {"name": name, "phone": "13800138000"}}
            await staff.api("PATCH", f"/api/contacts/{contact}/profile", change)
        await staff.open("/contacts")
        await page.get_by_role("link", name="合并建议").click()
        await expect(page.locator(".suggestion")).to_contain_text("电话相同")
        assert await staff.barriers() == []
        await page.locator(".suggestion").get_by_role("button", name="不是同一位").click()
        await expect(page.get_by_text("没有待定的建议")).to_be_visible()

        await staff.open(f"/contacts/{newest}?tab=accounts")
        await page.get_by_role("button", name="与其他联系人合并").click()
        await page.fill("#merge-other", "李雷")
        await page.get_by_role("radio", name="李雷").check()
        await page.fill("#merge-why", "客户来电说明")
        assert await staff.barriers() == []
        await page.get_by_role("dialog").get_by_role("button", name="合并", exact=True).click()
        merged = page.locator("section[aria-labelledby='merged']")
        await expect(merged).to_contain_text("客户来电说明")
        await expect(page.locator("section[aria-labelledby='known-by'] li")).to_have_count(2)
        # The merged contact's own address leads to the whole customer.
        await staff.open(f"/contacts/{other}?tab=accounts")
        await expect(page.get_by_role("heading", level=1)).to_have_text("王芳")

        await merged.get_by_role("button", name="撤销合并").click()
        await page.get_by_role("dialog").get_by_role("button", name="撤销合并").click()
        await expect(merged).to_contain_text("已撤销")
        await expect(page.locator("section[aria-labelledby='known-by'] li")).to_have_count(1)
        await staff.check_policy()

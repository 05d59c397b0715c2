"""Sessions that end, people who come and go, rows that arrive."""

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import chat, chromium, console
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy


async def test_an_ended_session_leads_to_sign_in_and_back(live_server: LiveServer) -> None:
    async with chromium() as browser, console(browser, live_server.url) as staff:
        page = staff.page
        await staff.enter(live_server.admin_link)
        me = await staff.api("GET", "/api/session")
        await staff.open("/knowledge?from=elsewhere")
        await expect(page.locator(".article-table")).to_be_visible()
        await staff.context.clear_cookies()
        await page.get_by_role("button", name="刷新").click()
        await expect(page.get_by_text("登录已过期")).to_be_visible()
        assert await staff.barriers() == []

        await staff.sign_in(me["staff"]["name"], "not my password")
        await expect(page.locator(".note")).to_have_text("名称或密码不正确。")
        await staff.sign_in(me["staff"]["name"])
        await expect(page.locator(".article-table")).to_be_visible()
        assert page.url.endswith("#/knowledge?from=elsewhere")

        # A link that points out of the console is not followed after sign-in.
        await page.locator(".me").click()
        await page.get_by_role("menuitem", name="退出登录").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("登录")
        await staff.open("/sign-in?next=//evil.example")
        await staff.sign_in(me["staff"]["name"])
        await expect(page.get_by_role("heading", level=1)).to_have_text("互动记录")
        await staff.check_policy()


async def test_new_rows_wait_behind_a_button(live_server: LiveServer) -> None:
    await chat(live_server.url, "怎么退货？")
    async with chromium() as browser, console(browser, live_server.url) as staff:
        page = staff.page
        await staff.enter(live_server.admin_link)
        rows = page.locator(".interaction-table tbody tr")
        await expect(rows).to_have_count(3)  # the question, its answer, the notice of the first contact
        first = await rows.first.inner_text()
        await chat(live_server.url, "保修多久？")
        pill = page.get_by_role("button", name="显示 3 条新记录")
        await expect(pill).to_be_visible()
        assert await rows.first.inner_text() == first, "nothing moves under the reader's eyes"
        await expect(page).to_have_title("(3) 互动记录 · 应答")
        assert await staff.barriers() == []
        await page.locator("h1").click()
        await page.keyboard.press("n")
        await expect(rows).to_have_count(6)
        await expect(rows.filter(has=page.locator(".direction.in")).first).to_contain_text("保修多久？")
        await expect(pill).to_be_hidden()

        # A server out of reach is said once, and the page goes on by itself.
        await staff.context.set_offline(True)
        await page.get_by_role("button", name="刷新").click()
        await expect(page.get_by_text("与服务器的连接中断")).to_be_visible()
        await expect(rows).to_have_count(6)
        await staff.context.set_offline(False)
        await page.get_by_role("button", name="刷新").click()
        await expect(page.get_by_text("与服务器的连接中断")).to_be_hidden()
        await staff.check_policy()


async def test_a_colleague_is_invited_sees_only_the_own_rooms_and_leaves(live_server: LiveServer) -> None:
    async with (
        chromium() as browser,
        console(browser, live_server.url) as staff,
        console(browser, live_server.url) as other,
    ):
        page = staff.page
        await staff.enter(live_server.admin_link)
        await staff.open("/staff")
        await page.get_by_role("button", name="邀请").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="邀请").click()
        await expect(dialog).to_contain_text("请填写账号")
        await expect(dialog).to_contain_text("请至少选择一个角色")
        await page.fill("#staff-name", "li.na")
        await page.fill("#staff-display", "李娜")
        await dialog.get_by_text("知识编辑", exact=True).click()
        assert await staff.barriers() == []
        await dialog.get_by_role("button", name="邀请").click()
        link = await page.locator("input[readonly]").input_value()
        assert "/console/#/welcome?token=" in link
        await page.get_by_role("button", name="完成").click()
        row = page.locator(".staff-table tbody tr").filter(has_text="li.na")
        await expect(row).to_contain_text("待加入")

        await other.enter(link)
        await expect(other.page.get_by_role("heading", level=1)).to_have_text("知识库")
        entries = other.page.get_by_role("navigation").get_by_role("link")
        await expect(entries).to_have_text(["知识库", "流程"])
        await other.open("/interactions")
        await expect(other.page.get_by_text("不在你的角色权限之内")).to_be_visible()
        assert await other.barriers() == []

        # The name is taken now, and the form says so at the field.
        await page.get_by_role("button", name="邀请").first.click()
        await page.fill("#staff-name", "li.na")
        await page.fill("#staff-display", "另一位")
        await dialog.get_by_text("客服", exact=True).click()
        await dialog.get_by_role("button", name="邀请").click()
        await expect(dialog.locator(".el-form-item__error")).to_be_visible()
        await dialog.get_by_role("button", name="取消").click()

        await row.get_by_role("button", name="操作").click()
        await page.get_by_role("menuitem", name="停用").click()
        await expect(page.get_by_text("停用 李娜？")).to_be_visible()
        await page.locator(".el-message-box").get_by_role("button", name="停用").click()
        await expect(row).to_contain_text("已停用")
        await other.open("/knowledge")
        await other.page.reload()
        await expect(other.page.get_by_role("heading", level=1)).to_have_text("登录")
        await staff.check_policy()
        await other.check_policy()


async def test_own_account(live_server: LiveServer) -> None:
    async with (
        chromium() as browser,
        console(browser, live_server.url) as staff,
        console(browser, live_server.url) as second,
    ):
        page = staff.page
        await staff.enter(live_server.admin_link)
        name = (await staff.api("GET", "/api/session"))["staff"]["name"]
        await second.open("/account")
        await second.sign_in(name)
        await expect(second.page.get_by_role("heading", level=1)).to_have_text("我的账号")

        await staff.open("/account")
        await page.fill("#own-display", "王经理")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".me")).to_contain_text("王经理")

        sessions = page.locator("section").filter(has_text="登录记录").locator("li")
        await expect(sessions).to_have_count(2)
        await sessions.nth(1).get_by_role("button").click()
        await expect(sessions).to_have_count(1)
        await second.page.reload()
        await expect(second.page.get_by_role("heading", level=1)).to_have_text("登录")

        await page.fill("#password-current", "not this one")
        await page.fill("#password-fresh", "another kettle for the evening")
        await page.fill("#password-repeat", "another kettle for the evening")
        await page.get_by_role("button", name="修改密码").click()
        await expect(page.locator("section").filter(has_text="修改密码").get_by_role("alert")).to_be_visible()
        assert await staff.barriers() == []
        await staff.check_policy()

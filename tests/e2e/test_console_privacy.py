"""Requests about one's own data, and uses of data that a second person decides."""

import json

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console_page import Console, chat, chromium, console
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy


async def _colleague(administrator: Console, name: str, *roles: str) -> str:
    """The one-time link of somebody new."""
    wanted = {"name": name, "display_name": name, "roles": list(roles)}
    return str((await administrator.api("POST", "/api/staff", wanted))["link"])


async def test_a_request_is_answered_end_to_end(live_server: LiveServer) -> None:
    await chat(live_server.url, "怎么退货？")
    async with (
        chromium() as browser,
        console(browser, live_server.url) as administrator,
        console(browser, live_server.url) as officer,
    ):
        await administrator.enter(live_server.admin_link)
        page = officer.page
        await officer.enter(await _colleague(administrator, "fang", "privacy_officer"))
        await officer.open("/privacy")
        await expect(page.get_by_text("没有待答复的请求")).to_be_visible()
        (contact,) = (await officer.api("GET", "/api/contacts"))["items"]
        path = f"/api/contacts/{contact['id']}/privacy-requests"
        for kind in ("export", "correct", "delete"):
            await officer.api("POST", path, {"kind": kind, "words": "我要我的数据"})

        await page.get_by_role("button", name="刷新").click()
        await expect(page.locator(".request-table tbody tr")).to_have_count(3)
        await page.locator(".states").first.click()
        await page.get_by_role("option", name="复制数据").click()
        await expect(page.locator(".request-table tbody tr")).to_have_count(1)
        assert await officer.barriers() == []
        await page.get_by_role("button", name="打开: 复制数据").click()
        await page.get_by_text("回拨预留号码").click()
        assert await officer.barriers() == []
        await page.get_by_role("button", name="记录核实结果").click()
        await page.get_by_role("button", name="受理", exact=True).click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="下载数据").click()
        assert (await download.value).suggested_filename.endswith(".zip")
        await page.get_by_role("button", name="答复", exact=True).click()
        await expect(page.get_by_text("请给客户写几句话。")).to_be_visible()
        await page.fill("#answer-words", "已用邮件发给您。")
        await page.get_by_role("button", name="答复", exact=True).click()
        await expect(page.locator(".settled")).to_contain_text("已用邮件发给您。")

        # To erase, the customer's name is typed; afterwards nobody is named.
        await officer.open("/privacy")
        await page.get_by_role("button", name="打开: 删除数据").click()
        await page.get_by_text("当面").click()
        await page.get_by_role("button", name="记录核实结果").click()
        await page.get_by_role("button", name="受理", exact=True).click()
        await page.fill("#answer-words", "已删除。")
        await page.get_by_role("button", name="永久删除并答复").click()
        await expect(page.locator(".el-form-item__error")).to_be_visible()
        assert await officer.barriers() == []
        # What else the customer waits for is told before, and ended only by choice.
        await expect(page.locator(".others")).to_contain_text("该客户还有 1 项请求在等待答复。")
        await page.fill("#answer-confirm", await page.locator(".facts p").first.inner_text())
        await page.get_by_role("button", name="永久删除并答复").click()
        await expect(page.locator(".others .told")).to_be_visible()
        await page.get_by_text("仍然删除：这些请求未获答复即终止").click()
        await page.get_by_role("button", name="永久删除并答复").click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="下载证明").click()
        certificate = json.loads((await (await download.value).path()).read_text(encoding="utf-8"))
        assert certificate["certificate"]["contact_id"] == contact["id"]
        assert [one["kind"] for one in certificate["certificate"]["ended_unanswered"]] == ["correct"]
        await expect(page.locator(".facts")).to_contain_text("已删除的客户")
        await officer.open("/privacy?state=ended_by_erasure")
        await page.get_by_role("button", name="打开: 更正数据").click()
        await expect(page.locator(".settled")).to_contain_text("未交付任何内容")
        assert await officer.barriers() == []
        await officer.check_policy()


async def _ask(page: Page, what_for: str, contact_id: str) -> None:
    await page.get_by_role("button", name="申请使用").click()
    dialog = page.get_by_role("dialog")
    await page.fill("#ask-what", what_for)
    await page.fill("#ask-purpose", "care_messages")
    await dialog.get_by_text("按客户 ID").click()
    await dialog.locator("textarea").fill(contact_id)
    await dialog.get_by_text("地区", exact=True).click()
    await dialog.get_by_role("button", name="申请使用").click()
    await expect(dialog).to_be_hidden()


async def test_nobody_decides_the_own_use_and_a_second_person_does(live_server: LiveServer) -> None:
    await chat(live_server.url, "怎么退货？")
    async with (
        chromium() as browser,
        console(browser, live_server.url) as administrator,
        console(browser, live_server.url) as asker,
        console(browser, live_server.url) as officer,
    ):
        await administrator.enter(live_server.admin_link)
        page = asker.page
        await asker.enter(await _colleague(administrator, "mei", "crm_manager", "marketing_approver"))
        (contact,) = (await asker.api("GET", "/api/contacts"))["items"]
        await asker.open("/data-use/uses")
        await _ask(page, "按地区统计客户", contact["id"])
        await page.get_by_role("button", name="打开: 按地区统计客户").click()
        panel = page.get_by_role("dialog")
        await expect(panel).to_contain_text("这是您自己的申请，须由其他人审批。")
        await expect(panel.get_by_role("button", name="批准")).to_be_disabled()
        await expect(panel.get_by_role("button", name="拒绝")).to_be_disabled()
        assert await asker.barriers() == []

        other = officer.page
        await officer.enter(await _colleague(administrator, "fang", "privacy_officer"))
        await officer.open("/data-use/uses")
        await other.get_by_role("button", name="打开: 按地区统计客户").click()
        await other.get_by_role("button", name="批准").click()
        await expect(other.get_by_text("请填写至少 4 个字的理由。")).to_be_visible()
        await other.fill("#use-reason", "仅作统计")
        await other.fill("#use-until", "2099-12-31")
        await other.get_by_role("button", name="批准").click()
        await expect(other.get_by_text("只有申请人 mei 可以下载。")).to_be_visible()
        assert await officer.barriers() == []

        await page.reload()
        await page.get_by_role("button", name="打开: 按地区统计客户").click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="下载数据（CSV）").click()
        assert (await download.value).suggested_filename.startswith("use-")
        await officer.open("/data-use/access")
        await expect(other.locator(".ledger-list li").first).to_be_visible()
        assert await officer.barriers() == []
        await asker.check_policy()
        await officer.check_policy()

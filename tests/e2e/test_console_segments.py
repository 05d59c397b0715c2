"""Segments put together, counted and saved; contacts imported from a file."""

import pytest
from playwright.async_api import FilePayload, Locator, expect

from tests.e2e.console_page import Console, chat, chromium, console
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

FILE = "编号,姓名,手机,备注\nK1,李雷,13800138000,x\nK2,韩梅,12,y\n"


async def _specialist(administrator: Console, specialist: Console) -> None:
    wanted = {"name": "mei", "display_name": "王梅", "roles": ["crm_specialist"]}
    await specialist.enter((await administrator.api("POST", "/api/staff", wanted))["link"])


async def _pick(field: Locator, label: str) -> None:
    await field.click()
    options = field.page.locator(".el-select-dropdown:visible .el-select-dropdown__item")
    await options.get_by_text(label, exact=True).click()


async def test_a_segment_is_built_counted_and_saved(live_server: LiveServer) -> None:
    await chat(live_server.url, "怎么退货？")
    async with (
        chromium() as browser,
        console(browser, live_server.url) as administrator,
        console(browser, live_server.url) as staff,
    ):
        await administrator.enter(live_server.admin_link)
        await _specialist(administrator, staff)
        page = staff.page
        await staff.open("/segments")
        await page.get_by_role("button", name="新建客群").click()
        leaf = page.locator(".leaf").first
        await _pick(leaf.locator(".field"), "渠道")
        await expect(page.locator(".audience")).to_contain_text("填完条件")
        await _pick(leaf.locator(".value"), "网页")
        await expect(page.locator(".audience .number")).to_have_text("1 位客户")
        await leaf.get_by_text("取反").click()
        await expect(page.locator(".audience .number")).to_have_text("0 位客户")
        await leaf.get_by_text("取反").click()

        await page.get_by_role("button", name="条件", exact=True).click()
        second = page.locator(".leaf").nth(1)
        await _pick(second.locator(".field"), "建档时间")
        await _pick(second.locator(".operator"), "最近")
        await second.get_by_label("值 (天)").fill("99999")
        await second.get_by_label("值 (天)").press("Tab")
        # The server's word stands at the condition that it is about.
        await expect(second.get_by_role("alert")).to_have_text("请填写合适的值。")
        await expect(leaf.get_by_role("alert")).to_have_count(0)
        await second.get_by_label("值 (天)").fill("30")
        await second.get_by_label("值 (天)").press("Tab")
        await expect(second.get_by_role("alert")).to_have_count(0)
        await expect(page.locator(".audience .number")).to_be_visible()
        assert await staff.barriers() == []

        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_text("请填写名称。")).to_be_visible()
        await page.fill("#segment-name", "网页来的新客")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("h1")).to_have_text("网页来的新客")
        (saved,) = (await staff.api("GET", "/api/segments"))["items"]
        assert saved["condition"] == {
            "all": [{"field": "channel", "has": "web"}, {"field": "known_since", "within_days": 30}]
        }
        await page.get_by_role("link", name="所有客群").click()
        await expect(page.locator(".segment-table")).to_contain_text("渠道 有 网页 且 建档时间 最近 30 天")
        assert await staff.barriers() == []
        await page.get_by_role("button", name="打开: 网页来的新客").click()
        await page.get_by_role("button", name="删除").click()
        await page.locator(".el-message-box").get_by_role("button", name="删除").click()
        await expect(page.get_by_text("还没有客群")).to_be_visible()
        await staff.check_policy()


async def test_an_import_is_looked_at_first_and_then_taken_in(live_server: LiveServer) -> None:
    async with (
        chromium() as browser,
        console(browser, live_server.url) as administrator,
        console(browser, live_server.url) as staff,
    ):
        await administrator.enter(live_server.admin_link)
        await _specialist(administrator, staff)
        page = staff.page
        await staff.open("/imports")
        await page.get_by_role("button", name="导入文件").click()
        file: FilePayload = {"name": "客户.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
        await page.set_input_files("input[type=file]", file)
        note = page.locator(".mapping tr").filter(has_text="备注")
        await expect(note).to_contain_text("不导入")
        await _pick(note.locator(".el-select"), "姓名")
        await page.fill("#import-system", "old-crm")
        await page.get_by_role("button", name="检查文件").click()
        await expect(page.get_by_text("两列对应同一字段：姓名。")).to_be_visible()
        await _pick(note.locator(".el-select"), "需求")
        await _pick(page.locator(".form-pair .el-select"), "同意")
        await page.get_by_role("button", name="检查文件").click()
        await expect(page.get_by_text("有依据就须有凭证。")).to_be_visible()
        assert await staff.barriers() == []
        await page.fill("#basis-proof", "表 7")
        await page.get_by_role("button", name="检查文件").click()

        await expect(page.get_by_text("待开始")).to_be_visible()
        await expect(page.get_by_text("不是电话号码")).to_be_visible()
        assert (await staff.api("GET", "/api/contacts"))["items"] == []
        assert await staff.barriers() == []
        await page.get_by_role("button", name="导入 1 行").click()
        await expect(page.get_by_text("已完成")).to_be_visible()
        assert [one["name"] for one in (await staff.api("GET", "/api/contacts"))["items"]] == ["李雷"]
        async with page.expect_download() as download:
            await page.get_by_role("button", name="下载未通过的行").click()
        assert "韩梅" in (await (await download.value).path()).read_text(encoding="utf-8-sig")
        await page.get_by_role("link", name="所有导入").click()
        await expect(page.locator(".import-table tbody tr")).to_have_count(1)
        assert await staff.barriers() == []
        await staff.check_policy()

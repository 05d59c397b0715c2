"""A customer of an official account at the desk, in real Chromium: how much may be sent, what became of each line."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from bot.storage.database import Addresses
from tests.e2e.console_page import Console, chromium, console
from tests.integration.wechat_edge.phones import Wechat, wechat
from tests.integration.wechat_edge.test_files import PDF, PNG

pytestmark = pytest.mark.heavy

SENDING = "/cgi-bin/message/custom/send"
LONG = "退货须知：" + "请保留原包装与发票，七天内寄回。" * 60
WIDE: dict[str, Any] = {"viewport": {"width": 1400, "height": 900}}
NARROW: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark", "locale": "en-GB"}


async def _agent(administrator: Console, name: str, shown: str) -> str:
    wanted = {"name": name, "display_name": shown, "roles": ["agent"]}
    return str((await administrator.api("POST", "/api/staff", wanted))["link"])


async def _say(page: Page, words: str) -> Locator:
    """Sends it; the line that it became."""
    lines = page.locator(".bubble-row.out")
    before = await lines.count()
    await page.locator(".answer textarea").fill(words)
    await page.locator(".answer button[type=submit]").click()
    await expect(lines).to_have_count(before + 1)
    return lines.nth(before)


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


async def _waits(phones: Wechat) -> None:
    await phones.user()
    await phones.do("li", "text", content="怎么退货？")
    await phones.do("li", "text", content="转人工")


async def test_what_becomes_of_lines_and_how_many_may_follow(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {}) as phones, chromium() as browser:
        with phones.server() as server:
            await phones.push_to(server)
            async with console(browser, server.url) as administrator, console(browser, server.url, **WIDE) as mei:
                await administrator.enter(server.admin_link)
                await mei.enter(await _agent(administrator, "mei", "梅芳"))
                await mei.open("/queue")
                page = mei.page
                await _waits(phones)
                await page.locator(".queue-list .visit").click()
                reach, said = page.locator(".reach"), page.locator(".bubble-row.out")
                await expect(reach).to_contain_text("还可发送 5 条，截止")
                await expect(said.last).to_contain_text("已交给微信，未确认")
                await page.get_by_role("button", name="接手").click()

                line = await _say(page, "您好，我是梅芳 😊")
                await expect(line.locator(".state")).to_have_text("已发送")
                await expect(reach).to_contain_text("还可发送 4 条")

                # WeChat refuses one and says why, with the id that its support asks for.
                await phones.emulator.fault("errcode", SENDING, errcode=47001, count=1)
                line = await _say(page, "这一条不要发出去")
                await expect(line.locator(".delivery.failed")).to_contain_text("微信无法识别发送的内容。")
                await expect(line.locator(".rid")).to_contain_text("错误码 47001 · 请求编号")

                # Nobody knows of two; of one she has heard from the customer, the other is sent again.
                await phones.emulator.fault("drop_after", SENDING, count=1)
                line = await _say(page, "第一条没有回音")
                await expect(line.locator(".state")).to_have_text("可能已送达，也可能没有")
                await mei.picture("wechat-desk-unknown")
                await line.get_by_role("button", name="标记为已送达").click()
                await expect(line.locator(".state")).to_have_text("梅芳 标记为已送达")
                await expect(reach).to_contain_text("还可发送 3 条")
                await phones.emulator.fault("drop_after", SENDING, count=1)
                line = await _say(page, "第二条没有回音")
                await line.get_by_role("button", name="重新发送").click()
                await page.get_by_role("dialog").get_by_role("button", name="重新发送").click()
                await expect(line.locator(".state")).to_have_text("已发送")
                await expect(line.locator(".delivery")).to_have_count(0)
                await expect(reach).to_contain_text("还可发送 1 条")

                # More than is left, told before it is sent.
                await page.locator(".answer textarea").fill(LONG)
                await expect(page.locator(".split summary")).to_have_text("将分成 2 条消息发送")
                await expect(page.locator(".too-many")).to_contain_text("只能再发 1 条")
                assert await mei.barriers() == []
                await mei.picture("wechat-desk-long")
                await page.locator(".answer textarea").fill("")

                await _say(page, "最后一条")
                await expect(reach).to_contain_text("这个窗口的条数已用完")
                await page.locator(".answer textarea").fill("还有一句")
                await page.locator(".answer button[type=submit]").click()
                await page.get_by_role("dialog").get_by_role("button", name="保留草稿").click()
                await expect(page.locator(".answer textarea")).to_have_value("还有一句")
                await page.locator(".answer button[type=submit]").click()
                await page.get_by_role("dialog").get_by_role("button", name="仍要发送").click()
                await expect(said.last.locator(".delivery.failed")).to_contain_text("已用完")
                await mei.picture("wechat-desk-used-up")

                # The customer writes, and it begins anew, by itself.
                await phones.do("li", "text", content="在吗？")
                await expect(reach).to_contain_text("还可发送 5 条")
                assert await mei.barriers() == []
                await mei.check_policy()


async def test_files_go_with_an_answer(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {}) as phones, chromium() as browser:
        with phones.server() as server:
            await phones.push_to(server)
            async with console(browser, server.url) as administrator, console(browser, server.url, **NARROW) as mei:
                await administrator.enter(server.admin_link)
                await mei.enter(await _agent(administrator, "mei", "Mei"))
                await mei.open("/queue")
                page = mei.page
                # From here on: a listener that comes with the key may come too late for the dialog.
                page.on("filechooser", lambda _: None)
                await _waits(phones)
                await page.locator(".queue-list .visit").click()
                await page.get_by_role("button", name="Take").click()
                field, kept = page.get_by_label("Attach files"), page.locator(".answer .files li")
                send = page.locator(".answer button[type=submit]")
                await expect(send).to_be_disabled()

                # What cannot be sent says why.
                await field.set_input_files(
                    [_file("notes.exe", b"MZ"), _file("long.mp4", bytes(10 * 1024 * 1024 + 1)), _file("图.png", PNG)]
                )
                await expect(kept).to_have_count(1)
                await expect(page.locator(".faults")).to_contain_text("“notes.exe” cannot be sent: only pictures")
                await expect(page.locator(".faults")).to_contain_text("“long.mp4” is larger than 10 MB.")
                assert await mei.barriers() == []
                await mei.picture("wechat-desk-file-faults-phone-dark")

                # By keyboard: the chooser opens, and what was chosen is taken away again.
                await field.focus()
                async with page.expect_file_chooser() as choosing:
                    await page.keyboard.press("Enter")
                await (await choosing.value).set_files([_file("说明书.pdf", PDF), _file("安装.png", PNG)])
                await expect(kept).to_have_count(3)
                await page.get_by_role("button", name="Remove 图.png").focus()
                await page.keyboard.press("Enter")
                await expect(kept).to_have_count(2)
                await expect(field).to_be_focused()

                # Each picture is a message of its own, told before it is sent.
                await page.locator(".answer textarea").fill("请看安装图")
                await expect(page.locator(".split summary")).to_have_text("Goes out as 2 messages")
                await expect(kept.get_by_text("Uploading…")).to_have_count(0)
                assert await mei.barriers() == []
                assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
                await mei.picture("wechat-desk-files-phone-dark")
                await send.click()
                await expect(kept).to_have_count(0)
                await expect(page.locator(".bubble-row.out").last).to_contain_text("安装.png")
                found = await phones.emulator.control("GET", "/users/li/phone?wait=10&how=custom&count=2")
                words, picture = found["lines"]
                assert words["content"]["content"].startswith("请看安装图\n\n附件：说明书.pdf http")
                assert picture["type"] == "image"
                async with aiohttp.ClientSession() as session, session.get(picture["content"]["url"]) as response:
                    assert await response.read() == PNG
                await expect(page.locator(".reach")).to_contain_text("3 messages left")
                await mei.check_policy()


async def test_what_customers_send_and_a_closed_window_on_a_phone(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {}) as phones, chromium() as browser:
        with phones.server() as server:
            await phones.push_to(server)
            async with console(browser, server.url) as administrator, console(browser, server.url, **NARROW) as mei:
                await administrator.enter(server.admin_link)
                await mei.enter(await _agent(administrator, "mei", "Mei"))
                await mei.open("/queue")
                page = mei.page
                await _waits(phones)
                await page.locator(".queue-list .visit").click()
                await page.get_by_role("button", name="Take").click()
                await phones.do("li", "text", content="门铃坏了😭👩‍👩‍👧‍👦 " + "请尽快安排师傅上门。" * 60)
                await phones.do(
                    "li", "link", title="说明书", description="第 3 页", url="https://example.com/manual?p=3"
                )
                await phones.do("li", "location", x=31.230416, y=121.473701, label="上海市黄浦区人民大道")
                for kind in ("voice", "video", "image"):
                    await phones.do("li", kind)
                await phones.do("li", "text", content="【收到不支持的消息类型，暂无法显示】")
                theirs, reach = page.locator(".bubble-row.in"), page.locator(".reach")
                await expect(theirs.last).to_contain_text("WeChat does not pass these on")
                await expect(theirs.locator("a[href='https://example.com/manual?p=3']")).to_be_visible()
                await expect(theirs.get_by_text("browsers cannot play it")).to_be_visible()
                await expect(theirs.locator("video")).to_have_count(0)
                await theirs.get_by_role("button", name="Play").click()
                await expect(theirs.locator("video")).to_be_visible()
                await theirs.get_by_role("button", name="Show the picture").click()
                await expect(theirs.locator("img")).to_be_visible()
                assert await theirs.locator("img").evaluate("img => img.decode().then(() => img.naturalWidth > 0)")
                await theirs.locator("video").scroll_into_view_if_needed()
                await mei.picture("wechat-desk-media-phone-dark")

                # Where they are is shown to who says why it is needed.
                await expect(page.locator(".place")).to_contain_text("Location hidden")
                await page.locator(".unmask").get_by_role("button", name="Show").click()
                await page.locator("#unmask-reason").fill("visit of the technician")
                await page.get_by_role("dialog").get_by_role("button", name="Show").click()
                await expect(page.locator(".place")).to_contain_text("上海市黄浦区人民大道")
                map_link = page.locator(".place a")
                await expect(map_link).to_have_attribute(
                    "href", "https://uri.amap.com/marker?position=121.473701,31.230416"
                )
                await map_link.scroll_into_view_if_needed()
                await mei.picture("wechat-desk-place-phone-dark")

                await expect(reach).to_contain_text("5 messages left, until")
                phones.rows("UPDATE bot.send_windows SET at = at - %s RETURNING 1", timedelta(hours=49))
                await expect(reach).to_contain_text("Window closed: the customer has to write first.")
                await mei.picture("wechat-desk-phone-dark")
                assert await mei.barriers() == []
                assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
                await mei.check_policy()

                await administrator.open("/status")
                card = administrator.page.locator(".parts li", has_text="公众号 · care")
                await expect(card).to_contain_text("最近推送 20")
                await card.scroll_into_view_if_needed()
                await administrator.picture("wechat-status")
                assert await administrator.barriers() == []

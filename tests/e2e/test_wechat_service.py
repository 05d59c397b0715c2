"""A customer's whole way on the phone of the emulated WeChat, with the real server behind it, as a viewer sees it."""

import re
from pathlib import Path

import pytest

from bot.storage.database import Addresses
from tests.e2e.console_page import chromium
from tests.e2e.wechat_viewer import Viewer
from tests.integration.emulators.wechat_lab import lab
from tests.integration.wechat_edge.desk import at_desk
from tests.integration.wechat_edge.phones import wechat

pytestmark = pytest.mark.heavy

CASE = r"C\d{6}-[0-9A-Z]{5}"
COMPLAINT = (
    ("我要投诉", "发生了什么"),
    ("净水器装好第二天就漏水，地板都泡了", "没有订单号"),
    ("1", "怎样处理"),
    ("退款", "怎样联系您"),
    ("13800138000", "请核对"),
)


async def test_from_following_to_a_person_s_answer(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with wechat(demo_addresses, tmp_path, {"title": "暖居电器"}) as phones, chromium() as browser:
        await phones.emulator.control("POST", "/users", {"user": "li"})
        with phones.server() as server:
            await phones.push_to(server)
            page = await browser.new_page(locale="zh-CN")
            viewer = Viewer(page, tmp_path / "pictures")
            await page.goto(f"{phones.emulator.url}/phone?user=li")
            await page.wait_for_selector("body[data-ready]")
            await viewer.look("stranger")

            await page.get_by_role("button", name="关注公众号").click()
            notice = await viewer.came()
            assert "我们会使用您的渠道账号" in notice
            assert f"{server.url}/privacy" in notice
            await viewer.look("notice")

            assert "签收后 7 天内" in await viewer.ask("怎么退货？")
            await viewer.look("answer", read=False)

            for said, wanted in COMPLAINT:
                assert wanted in await viewer.ask(said)
            await viewer.look("complaint", read=False)
            accepted = await viewer.ask("对")
            assert re.search(CASE, accepted), accepted
            await viewer.look("case", read=False)

            assert "没有客服在线" in await viewer.ask("转人工")
            assert "已为您排队" in await viewer.ask("2")
            await viewer.look("waiting", read=False)
            async with at_desk(demo_addresses, server) as person:
                await person.answer("您好，我是小美，您的投诉由我跟进。")
                assert await viewer.came("custom") == "您好，我是小美，您的投诉由我跟进。"
            await viewer.look("person")
    assert len(list((tmp_path / "pictures").iterdir())) == 7 * 4


@pytest.mark.parametrize(
    ("style", "fault"),
    [
        (".bubble { white-space: nowrap !important; max-width: none !important; flex: none }", "outside: <div"),
        (".bubble { overflow: hidden !important; width: 80px; white-space: nowrap !important }", "cut: <div"),
        (".line { margin-bottom: -40px }", "covered: <div"),
        (".bubble { color: #bbb !important; background: #fff !important }", "color-contrast"),
        ("body { width: 1400px }", "40 px wider"),
    ],
    ids=["outside", "cut", "over", "pale", "wide"],
)
async def test_the_viewer_sees_what_is_wrong(tmp_path: Path, style: str, fault: str) -> None:
    async with lab() as wechat, chromium() as browser:
        await wechat.user()
        for text in ("您好", "一二三四五六七八九十" * 12):
            await wechat.do("li", "text", content=text)
        page = await browser.new_page(locale="zh-CN", bypass_csp=True)
        viewer = Viewer(page, tmp_path)
        await page.goto(f"{wechat.emulator.make_url('/phone')}?user=li")
        await page.wait_for_selector("body[data-ready]")
        await viewer.look("well")
        await page.add_style_tag(content=style)
        with pytest.raises(AssertionError, match=fault):
            await viewer.look("ill")

"""The phone page of the emulated WeChat in real Chromium, with a bot of a few lines behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from emulators.wechat.settings import AccountSettings, Template
from tests.e2e.console_page import chromium
from tests.integration.emulators.wechat_lab import Lab, Received, account, lab, text_reply
from tests.servers import ROOT, free_port

pytestmark = pytest.mark.heavy

OUT_OF_ORDER = "该公众号暂时无法提供服务，请稍后再试"
PICTURES = ROOT / "artefacts" / "wechat-phone"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
WATCH_POLICY = """
window.policyFaults = []
document.addEventListener('securitypolicyviolation', (event) =>
  window.policyFaults.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))
"""
MENU = {
    "button": [
        {"type": "click", "name": "查物流", "key": "shipping"},
        {"name": "更多", "sub_button": [{"type": "click", "name": "人工", "key": "person"}]},
    ]
}
TITLES = {"T1": "进度", "T2": "到货"}
LONG = "https://example.com/" + "a-very-long-path/" * 12 + " 然后 " + "长" * 300 + " 👩‍👩‍👧‍👦🎉"


async def answer(received: Received) -> bytes:
    """The bot: greets, says what was tapped, repeats texts, names everything else by its kind."""
    fields = received.fields
    if fields["MsgType"] == "event":
        greeting = {"subscribe": "欢迎关注", "CLICK": f"点了 {fields.get('EventKey')}"}.get(fields["Event"])
        return text_reply(received, greeting) if greeting else b"success"
    if fields["MsgType"] == "text":
        return text_reply(received, f"您说：{fields['Content']}")
    return text_reply(received, f"收到 {fields['MsgType']}")


class Phone:
    """The page in one tab; whatever it complains about is kept in ``faults``."""

    def __init__(self, page: Page, wechat: Lab) -> None:
        self.page = page
        self.wechat = wechat
        self.faults: list[str] = []
        self.field = page.locator("#field")
        self.lines = page.locator(".lines .line")
        self.own = page.locator(".lines .line.own")
        self.foot = page.locator(".screen footer")
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def open(self, query: str = "") -> None:
        """Opens the page and waits until it has looked around."""
        await self.page.goto(f"{self.wechat.emulator.make_url('/phone')}{query}")
        await self.page.wait_for_selector("body[data-ready]")

    async def say(self, text: str) -> None:
        """Writes into the text field and sends with Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    def came(self, how: str, text: str) -> Any:
        """The bubble with a text that came in this way."""
        return self.page.locator(f".lines [data-how={how}]").filter(has_text=text)

    async def picture(self, name: str) -> None:
        """Keeps a picture of the window."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"{name}.png")

    async def check(self) -> None:
        """Nothing against the policy, no error, no serious barrier, nothing wider than the window."""
        assert await self.page.evaluate("window.policyFaults") == []
        assert self.faults == []
        widths = await self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1]
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        barriers = await self.page.evaluate(
            """axe.run(document).then((result) => result.violations
                .filter((one) => ['serious', 'critical'].includes(one.impact))
                .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`))"""
        )
        assert barriers == []


@asynccontextmanager
async def phone(*accounts: AccountSettings, **context: Any) -> AsyncIterator[Phone]:
    """An emulator with the bot, a browser with a tab."""
    async with lab(*accounts) as wechat, chromium() as browser:
        wechat.answer = answer
        options: dict[str, Any] = {"locale": "zh-CN", "viewport": {"width": 1360, "height": 860}} | context
        opened = await browser.new_context(**options)
        await opened.add_init_script(WATCH_POLICY)
        yield Phone(await opened.new_page(), wechat)
        await opened.close()


async def test_a_user_follows_writes_taps_and_leaves() -> None:
    async with phone() as one:
        page = one.page
        await one.open()
        await expect(page.locator("#users")).to_contain_text("还没有用户")
        await page.fill("#new-user", "li")
        await page.press("#new-user", "Enter")
        await page.get_by_role("button", name="关注公众号").click()
        await expect(one.came("passive", "欢迎关注")).to_be_visible()

        await one.say("在吗 https://example.com/a")
        await expect(one.came("passive", "您说：在吗")).to_be_visible()
        await expect(one.own.locator("a")).to_have_attribute("href", "https://example.com/a")
        openid = next(iter(one.wechat.world.people["li"].chats.values())).openid
        assert await one.wechat.send(openid, "客服来了") == 0
        await expect(one.came("custom", "客服来了")).to_be_visible()
        await expect(page.locator(".windows")).to_contain_text("剩 2 条")
        await expect(page.locator(".arrivals li").first).to_contain_text("客服消息")
        await one.wechat.call("/cgi-bin/message/custom/typing", {"touser": openid, "command": "Typing"})
        await expect(page.locator(".doing")).to_have_text("对方正在输入…")

        await page.click("#plus")
        await page.get_by_role("button", name="图片").click()
        await page.get_by_role("dialog").get_by_role("button", name="发送").click()
        await expect(one.came("passive", "收到 image")).to_be_visible()
        await expect(one.own.locator("img")).to_have_js_property("naturalWidth", 96)
        await page.click("#plus")
        await page.get_by_role("button", name="语音").click()
        await page.get_by_label("秒数").fill("7")
        await page.get_by_role("dialog").get_by_role("button", name="发送").click()
        await expect(one.own.locator(".voice")).to_have_text("7″")

        assert (await one.wechat.call("/cgi-bin/menu/create", MENU))["errcode"] == 0
        await one.foot.get_by_role("button", name="≡ 更多").click()
        await page.get_by_role("button", name="人工").click()
        await expect(one.came("passive", "点了 person")).to_be_visible()

        shown = await one.lines.all_inner_texts()
        await page.reload()
        await expect(one.lines).to_have_count(len(shown))
        await expect(one.came("passive", "点了 person")).to_be_visible()
        await page.click("#profile")
        await page.get_by_role("button", name="取消关注").click()
        await expect(one.lines.last).to_have_text("您已取消关注")
        await expect(one.foot.get_by_role("button", name="关注公众号")).to_be_visible()
        await one.check()


async def test_a_stranger_scans_a_code_and_pays() -> None:
    async with phone() as one:
        await one.wechat.control("POST", "/users", {"user": "li"})
        scene = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "门店一"}}}
        await one.wechat.call("/cgi-bin/qrcode/create", scene)
        await one.open()
        await one.page.get_by_role("button", name="扫一扫").click()
        await one.page.get_by_role("dialog").get_by_role("button", name="门店一").click()
        await expect(one.lines.filter(has_text="您通过二维码“门店一”关注了该公众号")).to_be_visible()
        await expect(one.came("passive", "欢迎关注")).to_be_visible()
        await one.page.click("#plus")
        await one.page.keyboard.press("Escape")
        await expect(one.page.locator("#plus")).to_be_focused()
        await one.page.click("#plus")
        await one.page.get_by_role("button", name="支付").click()
        await one.page.get_by_role("dialog").get_by_role("button", name="支付").click()
        await expect(one.lines.last).to_have_text("您已支付")
        await expect(one.page.locator(".windows")).to_contain_text("不限条数")
        await one.check()


async def test_a_user_is_asked_whether_notices_may_come() -> None:
    notices = [Template(id=name, title=title, content="", kind="subscription") for name, title in TITLES.items()]
    async with phone(account(templates=notices)) as one:
        await one.wechat.user("li")
        await one.open()
        await one.page.click("#plus")
        await one.page.get_by_role("button", name="订阅通知").click()
        await one.page.get_by_label("到货").select_option("拒绝")
        await one.check()
        await one.page.get_by_role("dialog").get_by_role("button", name="确定").click()
        await expect(one.lines.last).to_have_text("您允许了通知“进度” 您拒绝了通知“到货”")
        await one.page.click("#profile")
        await expect(one.page.get_by_role("dialog")).to_contain_text("再允许一次“进度”（现有 1 次）")
        await expect(one.page.get_by_role("dialog").locator("dd").nth(1)).to_have_text("1")
    assert one.wechat.received[-1].fields["Event"] == "subscribe_msg_popup_event"


async def test_a_link_ends_before_the_bracket_around_it_and_long_voices_are_told_of() -> None:
    async with phone() as one:
        await one.wechat.user("li")
        await one.open()
        await one.say("看(https://example.com/a)，或 https://example.com/b_(c)。还有 https://example.com/d.")
        links = one.own.locator("a")
        await expect(links).to_have_text(
            ["https://example.com/a", "https://example.com/b_(c)", "https://example.com/d"]
        )
        await one.page.click("#plus")
        await one.page.get_by_role("button", name="语音").click()
        file = {"name": "long.amr", "mimeType": "audio/amr", "buffer": b"#!AMR\n" + b"\x7c" * 3001}
        await one.page.get_by_role("dialog").locator("input[type=file]").set_input_files(file)
        await one.page.get_by_role("dialog").get_by_role("button", name="发送").click()
        await expect(one.page.get_by_role("dialog").get_by_role("alert")).to_have_text(
            "手机录音最长 60 秒、最大 2 MB。"
        )


async def test_every_language_has_all_words_and_every_file_the_policy() -> None:
    async with phone() as one:
        await one.open()
        names = ["words-en.js", "words-zh-hans.js", "words-zh-hant.js"]
        keys = await one.page.evaluate(
            "(names) => Promise.all(names.map(async (name) => Object.keys((await import(`/phone/${name}`)).default)))",
            names,
        )
        assert keys[0] == keys[1] == keys[2]
        for path, status in {
            "/phone": 200,
            **{f"/phone/{name}": 200 for name in names},
            "/phone/served.py": 404,
        }.items():
            async with one.wechat.client.get(one.wechat.emulator.make_url(path)) as response:
                assert response.status == status
                policy = response.headers.get("Content-Security-Policy", "")
                assert status == 404 or ("default-src 'none'" in policy and "unsafe" not in policy)
                assert "<script>" not in await response.text()


async def test_a_bot_that_is_down_is_told_of_with_all_attempts() -> None:
    async with phone() as one:
        await one.wechat.user("li")
        await one.wechat.control("PATCH", "/accounts/shop", {"push_url": f"http://127.0.0.1:{free_port()}/"})
        await one.open()
        await one.say("有人吗")
        await expect(one.came("error", OUT_OF_ORDER)).to_be_visible()
        await one.page.get_by_role("tab", name="推送").click()
        push = one.page.locator(".pushes li")
        await expect(push.locator(".attempt")).to_have_count(3)
        await expect(push.locator(".outcome")).to_have_text("无法连接")
        await one.check()


async def test_the_developer_moves_the_clock_and_switches_faults() -> None:
    async with phone(locale="en-GB") as one:
        page = one.page
        await one.wechat.user("li")
        await one.open()
        await one.say("hello")
        await expect(page.locator(".windows")).to_contain_text("5 left")
        await page.get_by_role("tab", name="Faults").click()
        lost = page.get_by_role("switch", name="Answers to pushes are lost")
        await lost.click()
        await expect(lost).to_have_attribute("aria-checked", "true")
        await one.say("again")
        await expect(one.came("error", OUT_OF_ORDER)).to_be_visible()
        await expect(lost).to_contain_text("struck 3 times")
        await lost.click()
        await expect(lost).to_have_attribute("aria-checked", "false")
        assert (await one.wechat.control("GET", "/faults"))["faults"] == []
        await page.locator("[data-seconds='172800']").click()
        await expect(page.locator(".windows")).to_contain_text("45015")
        await one.check()


async def test_refusals_and_a_lost_emulator_are_told_in_words() -> None:
    async with phone(locale="zh-TW") as one:
        page = one.page
        await one.wechat.user("li")
        await one.wechat.user("wang")
        await one.open("?user=li")
        assert await page.locator("html").get_attribute("lang") == "zh-Hant"
        await page.fill("#new-user", "wang")
        await page.press("#new-user", "Enter")
        await expect(page.locator(".toast")).to_contain_text("已經有這個名稱的使用者")
        await one.wechat.act("li", "unfollow")
        await expect(one.foot.get_by_role("button", name="關注公眾號")).to_be_visible()
        await page.select_option("#language", "en")
        await expect(one.foot.get_by_role("button", name="Follow", exact=True)).to_be_visible()
        await one.wechat.control("POST", "/reset")
        await one.wechat.user("li")
        await one.wechat.act("li", "text", content="as if nothing had been")
        await expect(one.lines).to_have_count(3)  # the time, the text and its answer
        await one.wechat.control("POST", "/reset")
        await expect(page.locator(".toast").last).to_contain_text("li is gone")
        await expect(page.locator("#users")).to_contain_text("No users yet")
        await page.context.set_offline(True)
        await expect(page.locator(".lost")).to_be_visible()
        await page.context.set_offline(False)
        await expect(page.locator(".lost")).to_be_hidden()
        assert one.faults == []


@pytest.mark.parametrize(
    ("lang", "scheme", "width"),
    [("zh-Hans", "light", 1360), ("en", "dark", 1360), ("zh-Hans", "dark", 390), ("en", "light", 390)],
)
async def test_it_is_fit_to_be_seen(lang: str, scheme: Any, width: int) -> None:
    async with phone(color_scheme=scheme, viewport={"width": width, "height": 844}) as one:
        openid = await one.wechat.user("li")
        await one.wechat.call("/cgi-bin/menu/create", MENU)
        await one.wechat.do("li", "text", content="你好 👋")
        await one.wechat.act("li", "location", x=23.1, y=113.3, label="广州市海珠区新港中路397号")
        items = [{"id": "1", "content": "满意"}, {"id": "2", "content": "不满意"}]
        article = {"title": "怎样退货", "description": "七天之内", "url": "https://example.com/", "picurl": ""}
        for kind, part in (
            ("msgmenu", {"head_content": "您对本次服务满意吗？", "list": items, "tail_content": "谢谢"}),
            ("news", {"articles": [article]}),
            ("text", {"content": LONG}),
        ):
            body = {"touser": openid, "msgtype": kind, kind: part}
            assert (await one.wechat.call("/cgi-bin/message/custom/send", body))["errcode"] == 0
        await one.open(f"?lang={lang}&user=li")
        await expect(one.came("custom", "👩")).to_be_visible()
        await one.picture(f"{lang}-{scheme}-{width}-menu")
        await one.check()
        await one.came("custom", "您对本次服务满意吗").get_by_role("button", name="满意", exact=True).click()
        await expect(one.came("passive", "您说：满意")).to_be_visible()
        await one.page.click("#to-text")
        await one.page.click("#plus")
        await one.picture(f"{lang}-{scheme}-{width}-plus")
        if width < 1000:
            for pane in ("people", "developer"):
                await one.page.click(f"#panes [data-pane={pane}]")
                await one.picture(f"{lang}-{scheme}-{width}-{pane}")
                await one.check()
        await one.page.click("#tab-faults")
        await one.picture(f"{lang}-{scheme}-{width}-faults")
        await one.check()

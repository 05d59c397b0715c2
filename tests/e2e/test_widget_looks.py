"""How the shop and its chat look and sound: phones, dark mode, screen readers, texts of every length."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import chromium
from tests.e2e.widget_page import Customer, customer
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
LONG_ADDRESS = "https://www.example.com/" + "a-very-long-path/" * 12 + "?q=" + "x" * 120


async def _widths(someone: Customer) -> list[tuple[int, int]]:
    """Of each document: how wide its content is, how wide its window."""
    return [
        tuple(await frame.evaluate("[document.documentElement.scrollWidth, window.innerWidth]"))
        for frame in someone.page.frames
    ]


@pytest.mark.parametrize(
    ("lang", "scheme"),
    [("zh-Hans", "light"), ("zh-Hans", "dark"), ("zh-Hant", "light"), ("en", "light"), ("en", "dark")],
)
async def test_everyone_can_read_and_use_it(shop_server: LiveServer, lang: str, scheme: Any) -> None:
    async with (
        chromium() as browser,
        customer(browser, shop_server.url, color_scheme=scheme, reduced_motion="reduce") as someone,
    ):
        await someone.visit(lang)
        assert await someone.barriers() == []
        await someone.picture(f"welcome-{lang}-{scheme}")
        await someone.frame.locator(".chip").first.click()
        await expect(someone.answers).to_have_count(1)
        await someone.say("https://www.example.com/ **not bold**")
        await expect(someone.answers).to_have_count(2)
        assert await someone.barriers() == []
        await someone.picture(f"conversation-{lang}-{scheme}")
        await someone.check_policy()


async def test_on_a_phone_the_chat_is_the_whole_screen(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url, **PHONE) as someone:
        await someone.page.goto(f"{someone.url}/demo/?lang=en")
        await someone.picture("phone-shop")
        await someone.open()
        await someone.settle()
        box = await someone.page.locator("yingda-chat iframe").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 360, "height": 740}
        await expect(someone.launcher).to_be_hidden()
        assert await someone.page.evaluate("document.querySelector('main').inert")
        await someone.ask("How do I return a product?")
        await expect(someone.notice).to_have_count(1)
        await someone.settle()
        await expect(someone.answers.first.locator(".author")).to_be_in_viewport(ratio=1)  # the notice comes below it
        await someone.picture("phone-chat")
        assert await someone.barriers() == []
        for content, window in await _widths(someone):
            assert content <= window
        await someone.frame.get_by_role("button", name="Close chat").click()
        await expect(someone.launcher).to_be_focused()
        assert not await someone.page.evaluate("document.querySelector('main').inert")
        await someone.check_policy()


async def test_the_shops_name_is_never_cut(shop_server: LiveServer) -> None:
    async with chromium() as browser:
        for width in (320, 360, 390, 1200):
            async with customer(browser, shop_server.url, viewport={"width": width, "height": 844}) as someone:
                await someone.visit("en")
                header = someone.frame.locator("header")
                await expect(header.locator("h1")).to_have_text("Nuanju Home Appliances")
                for part in ("h1", "p"):
                    sizes = await header.locator(part).evaluate(
                        "part => [part.scrollWidth - part.clientWidth, part.scrollHeight - part.clientHeight]"
                    )
                    assert max(sizes) <= 0, (width, part)
                for content, window in await _widths(someone):
                    assert content <= window, width
                await someone.picture(f"header-{width}")


async def test_texts_of_every_kind_stay_inside(shop_server: LiveServer) -> None:
    texts = (
        LONG_WORD,
        LONG_ADDRESS,
        "👩‍👩‍👧‍👦🏳️‍🌈 emoji 👍🏽",
        "长" * 2000,
        "line\n" * 60 + "end",
        "<img src=x onerror=alert(1)>",
    )
    async with chromium() as browser, customer(browser, shop_server.url, **PHONE) as someone:
        await someone.visit()
        for count, text in enumerate(texts, start=1):
            await someone.say(text)
            await expect(someone.own).to_have_count(count)
            await expect(someone.own.last.locator(".mark-delivered")).to_have_count(1)
        shown = [text.strip() for text in await someone.own.locator(".card").all_inner_texts()]
        assert shown == [text.strip() for text in texts]
        await expect(someone.own.nth(1).locator("a")).to_have_attribute("href", LONG_ADDRESS)
        await expect(someone.own.nth(1).locator("a")).to_have_attribute("rel", "noopener noreferrer")
        await expect(someone.own.locator("img")).to_have_count(0)
        assert await someone.said() == [text.strip() for text in texts]
        widths = await someone.frame.locator(".scroll").evaluate("box => [box.scrollWidth, box.clientWidth]")
        assert widths[0] <= widths[1]
        await someone.check_policy()


async def test_a_text_beyond_the_limit_is_explained_and_not_sent(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit()
        hint = someone.frame.locator(".hint")
        await someone.field.fill("字" * 2730)
        await expect(hint).to_have_text("8190 / 8192 字节")
        await someone.field.fill("字" * 2731)
        await expect(hint).to_contain_text("文字太长：8193 字节，最多 8192 字节")
        await expect(someone.field).to_have_attribute("aria-invalid", "true")
        await expect(someone.frame.get_by_role("button", name="发送")).to_be_disabled()
        await someone.field.press("Enter")
        await expect(someone.own).to_have_count(0)
        await someone.say("字" * 2730)
        await expect(someone.own.locator(".mark-delivered")).to_have_count(1)


async def test_the_language_can_be_changed_in_the_chat(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("zh-Hans")
        await someone.ask("怎么退货？")
        await someone.frame.locator("header select").select_option("en")
        await expect(someone.frame.locator("html")).to_have_attribute("lang", "en")
        await expect(someone.answers.first.locator(".author")).to_have_text("Automatic answer")
        await expect(someone.field).to_have_attribute("placeholder", "Type your question…")
        await expect(someone.field).to_be_editable()
        # What the server says by itself follows, and so does the next visit.
        assert "person" in await someone.ask("qwxzv 7731")
        await someone.page.reload()
        await someone.open()
        await expect(someone.frame.locator("html")).to_have_attribute("lang", "en")
        await expect(someone.own).to_have_count(2)


async def test_five_hundred_messages_scroll_smoothly(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit()
        await someone.ask("怎么退货？")
        frame = next(frame for frame in someone.page.frames if "/widget/frame/" in frame.url)
        await frame.evaluate(
            """async () => {
                const { token } = JSON.parse(localStorage.getItem('yingda:shop:session'))
                const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
                const send = (n) => fetch('/channels/shop/messages', { method: 'POST', headers,
                    body: JSON.stringify({ client_msg_id: `many-${n}`, text: `第 ${n} 条：保修多久？` }) })
                for (let n = 0; n < 250; n++) await send(n)
            }"""
        )
        await expect(someone.answers).to_have_count(251)
        await expect(someone.own).to_have_count(251)
        slowest = await frame.evaluate(
            """async () => {
                const box = document.querySelector('.scroll')
                const frames = []
                let last = performance.now()
                for (let step = 0; step < 60; step++) {
                    box.scrollTop = box.scrollHeight * (1 - step / 60)
                    await new Promise(requestAnimationFrame)
                    const now = performance.now()
                    frames.push(now - last)
                    last = now
                }
                return frames.sort((a, b) => a - b)[54]
            }"""
        )
        assert slowest < 300, "nine of ten frames lay out what is seen, not all that was said"

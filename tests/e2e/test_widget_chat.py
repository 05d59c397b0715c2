"""The chat as its customers use it."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.e2e.console_page import chat, chromium
from tests.e2e.widget_page import customer, cut
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

LANGUAGES = {
    "zh-Hans": ("怎么退货？", "7 天", "自动回答", "依据："),
    "zh-Hant": ("怎麼退貨？", "7 天", "自動回答", "依據："),
    "en": ("How do I return a product?", "7 days", "Automatic answer", "Source: "),
}
# Several, since the search gets better: what it cannot decide on today may be clear to it tomorrow.
UNCLEAR = {
    "zh-Hans": ("退款", "发票", "配送", "保修", "会员", "安装"),
    "zh-Hant": ("退款", "發票", "配送", "保固", "會員", "安裝"),
    "en": ("refund", "invoice", "delivery", "warranty", "membership", "installation"),
}
PERSON = {"zh-Hans": "转人工客服", "zh-Hant": "轉真人客服", "en": "Talk to a person"}


async def test_a_customer_is_answered_in_three_languages(shop_server: LiveServer) -> None:
    async with chromium() as browser:
        for lang, (question, expected, automatic, source) in LANGUAGES.items():
            async with customer(browser, shop_server.url) as someone:
                await someone.visit(lang)
                await expect(someone.frame.locator(f"html[lang={lang}]")).to_have_count(1)
                await expect(someone.frame.locator(".chip")).to_have_count(4)
                answer = await someone.ask(question)
                assert expected in answer
                assert source + question in answer, "the answer names its article"
                await expect(someone.answers.locator(".author")).to_have_text(automatic)
                await expect(someone.frame.locator(".welcome")).to_be_hidden()
                await someone.picture(f"chat-{lang}")
                await someone.check_policy()


async def test_a_tapped_button_answers_once(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit()
        await someone.frame.locator(".chip").first.click()
        choices = someone.answers.first.locator(".choice")
        await expect(choices.first).to_be_visible()
        label = await choices.first.inner_text()
        await choices.first.click()
        await expect(someone.answers).to_have_count(2)
        await expect(someone.own.nth(1).locator(".card")).to_have_text(label)
        for index in range(await choices.count()):
            await expect(choices.nth(index)).to_be_disabled()
        await expect(someone.answers.first.locator("[aria-pressed=true]")).to_have_text(label)
        assert await someone.answers.nth(1).locator(".source q").inner_text() == label

        await someone.page.reload()
        await someone.open()
        await expect(choices.first).to_be_disabled()
        await expect(someone.own.nth(1).locator(".card")).to_have_text(label)
        await someone.check_policy()


async def _unclear(url: str, lang: str) -> tuple[str, list[str]]:
    """A wording that today's search cannot decide on, and the labels of the buttons that it leads to."""
    for wording in UNCLEAR[lang]:
        [answer] = await chat(url, wording, locale=lang)
        choices = answer["body"].get("choices", [])
        offered = [choice["id"].partition("(")[0] for choice in choices]
        if "article" not in answer["body"] and len(choices) > 1 and offered[0] == "article":
            assert set(offered[:-1]) <= {"article", "start"}, offered
            assert offered[-1] == "person"
            return wording, [choice["label"] for choice in choices]
    raise AssertionError(f"none of {UNCLEAR[lang]} is unclear any more")


@pytest.mark.parametrize("lang", UNCLEAR)
async def test_an_unclear_question_gets_a_choice_and_a_way_to_a_person(shop_server: LiveServer, lang: str) -> None:
    wording, labels = await _unclear(shop_server.url, lang)
    assert 2 <= len(labels) <= 4, "one to three articles or services, and a person"
    assert labels[-1] == PERSON[lang]
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit(lang)
        await someone.ask(wording)
        first = someone.answers.nth(0).locator(".choice")
        await expect(first).to_have_text(labels)
        await first.first.click()
        await expect(someone.answers).to_have_count(2)
        await expect(someone.answers.nth(1).locator(".source q")).to_have_text(labels[0])
        await expect(first.last).to_be_disabled()

        taps = [message["body"].get("choice") for message in await someone.thread() if message["direction"] == "in"]
        assert taps[1].startswith("article(")

        async with customer(browser, shop_server.url) as other:
            await other.visit(lang)
            await other.ask(wording)
            await other.answers.first.get_by_role("button", name=PERSON[lang]).click()
            # Nobody is at the desk: that is said, and then what can be done instead.
            await expect(other.answers).to_have_count(3)
            ways = other.answers.nth(2).locator(".choice")
            await expect(ways).to_have_count(3)
            await other.picture(f"person-{lang}")
            await ways.last.click()
            await expect(other.answers).to_have_count(4)
            question, expected, _, _ = LANGUAGES[lang]
            assert expected in await other.ask(question), "back with the assistant"
            thread = await other.thread()
            taps = [message["body"]["choice"] for message in thread if "choice" in message["body"]]
            assert taps == ["person", "SetSlots(person_way=bot)"]
            await other.check_policy()

        async with customer(browser, shop_server.url) as waiting:
            await waiting.visit(lang)
            await waiting.ask(wording)
            await waiting.answers.first.get_by_role("button", name=PERSON[lang]).click()
            await expect(waiting.answers).to_have_count(3)
            await waiting.answers.nth(2).locator(".choice").nth(1).click()
            await expect(waiting.answers).to_have_count(4)
            assert expected not in await waiting.ask(question), "nobody looks it up: a person is going to answer"
        await someone.check_policy()


async def test_a_reload_shows_the_history_at_once_and_then_what_was_missed(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit()
        await someone.ask("怎么退货？")
        await someone.ask("保修多久？")
        before = await someone.shown()
        await expect(someone.own.last.locator(".mark-delivered")).to_be_visible()
        await someone.settle()

        await cut(someone.page)
        await someone.page.reload()
        await someone.open()
        await expect(someone.answers).to_have_count(2)
        assert await someone.shown() == before, "shown from what this browser keeps"

        # Meanwhile the conversation goes on in another tab of the same browser.
        page = await someone.context.new_page()
        other = type(someone)(someone.context, page, someone.url)
        await other.visit()
        await expect(other.answers).to_have_count(2)
        await other.ask("怎么开发票？")

        await someone.page.unroute_all()
        await someone.page.reload()
        await someone.open()
        await expect(someone.answers).to_have_count(3)
        assert await someone.shown() == await other.shown()
        # Two open tabs stay the same, without doubles.
        await other.say("运费怎么收？")
        await expect(someone.answers).to_have_count(4)
        await expect(someone.own).to_have_count(4)
        await expect(other.own).to_have_count(4)


async def test_a_customer_without_a_mouse(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.page.goto(f"{someone.url}/demo/?lang=en")
        await expect(someone.launcher).to_have_attribute("aria-expanded", "false")
        await someone.page.evaluate("document.querySelector('.bottom a:last-of-type').focus()")
        await someone.page.keyboard.press("Tab")
        await expect(someone.launcher).to_be_focused()
        await someone.page.keyboard.press("Enter")
        await expect(someone.field).to_be_focused()
        await expect(someone.launcher).to_have_attribute("aria-expanded", "true")
        await someone.page.keyboard.type("How do I return")
        await someone.page.keyboard.press("Shift+Enter")
        await someone.page.keyboard.type("a product?")
        await someone.page.keyboard.press("Enter")
        await expect(someone.answers).to_have_count(1)
        await expect(someone.own.locator(".card")).to_have_text(re.compile(r"^How do I return\na product\?$"))
        log = someone.frame.get_by_role("log", name="Conversation")
        await expect(log).to_have_attribute("aria-live", "polite")

        choices = someone.frame.locator(".choice")
        await expect(choices.first).to_be_visible()
        for _ in range(2 + await choices.count()):
            await someone.page.keyboard.press("Shift+Tab")
            if await choices.last.evaluate("element => element === document.activeElement"):
                break
        await expect(choices.last).to_be_focused()
        await someone.page.keyboard.press("Enter")
        await expect(someone.answers).to_have_count(2)
        await expect(someone.field).to_be_focused()
        await someone.page.keyboard.press("Escape")
        await expect(someone.launcher).to_be_focused()
        await expect(someone.launcher).to_have_attribute("aria-expanded", "false")
        await someone.check_policy()


async def test_answers_to_a_closed_chat_are_counted(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        # Sent in the same breath as the chat is closed, so that the answer comes to a closed one.
        await someone.field.fill("How do I return a product?")
        await someone.frame.locator("body").evaluate(
            """body => { body.querySelector('form').requestSubmit(); body.querySelector('header .close').click() }"""
        )
        badge = someone.page.locator("yingda-chat .badge")
        # The answer, and the notice of the first contact.
        await expect(badge).to_have_text("2")
        await expect(someone.launcher).to_have_attribute("aria-label", re.compile("2 unread messages"))
        await someone.page.reload()
        await expect(badge).to_have_text("2")
        await someone.open()
        await expect(badge).to_be_hidden()
        await someone.page.keyboard.press("Escape")
        await expect(badge).to_be_hidden()
        await someone.page.reload()
        await someone.page.wait_for_timeout(1500)
        await expect(badge).to_be_hidden()


async def test_the_enter_that_ends_a_composition_does_not_send(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit()
        await someone.field.fill("zenme")
        for how in ("isComposing: true", "keyCode: 229"):
            await someone.field.evaluate(
                "field => field.dispatchEvent(new KeyboardEvent('keydown',"
                f" {{ key: 'Enter', bubbles: true, cancelable: true, {how} }}))"
            )
        await expect(someone.field).to_have_value("zenme")
        await expect(someone.own).to_have_count(0)
        await someone.field.press("Enter")
        await expect(someone.own).to_have_count(1)


async def test_forgetting_this_browser(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        await someone.ask("How do I return a product?")
        await someone.field.fill("a draft")
        frame = next(frame for frame in someone.page.frames if "/widget/frame/" in frame.url)
        before = await frame.evaluate("localStorage.getItem('yingda:shop:session')")
        await someone.frame.get_by_role("button", name="Start anew and clear").click()
        await someone.frame.get_by_role("button", name="Cancel").click()
        await expect(someone.own).to_have_count(1)
        await someone.frame.get_by_role("button", name="Start anew and clear").click()
        await someone.frame.locator("dialog .strong").click()
        await expect(someone.own).to_have_count(0)
        await expect(someone.frame.locator(".chip")).to_have_count(4)
        await expect(someone.field).to_have_value("")
        await someone.settle()
        kept = await frame.evaluate("JSON.stringify(localStorage)")
        assert "How do I return" not in kept
        assert "draft" not in kept
        # Another visitor's session is asked for; how soon it comes is the network's affair.
        async with asyncio.timeout(30):
            await frame.evaluate(
                """async (before) => {
                    for (let now; !now || now === before; now = localStorage.getItem('yingda:shop:session'))
                        await new Promise((on) => setTimeout(on, 20))
                }""",
                before,
            )
        assert await someone.thread() == []

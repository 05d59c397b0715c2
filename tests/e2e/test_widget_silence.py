"""A network that dies without saying so, and a page that sleeps: nothing lost, nothing twice, order kept."""

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.console_page import chromium, is_notice
from tests.e2e.relay import Manner, relay_to
from tests.e2e.widget_page import Customer, customer
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

SILENCE_S = 60
SLEEP_S = 20
# Waits between attempts have grown by the end of the silence, and a last attempt may be under way into nothing.
PATIENCE_MS = 60_000
ASKED = ["How do I return a product?", "How long is the warranty?", "How do I get an invoice?"]


async def _check_thread(someone: Customer, texts: list[str]) -> None:
    """The browser and the store have the same messages in the same order: `texts`, an answer to each, one notice."""
    await expect(someone.own.locator(".mark-delivered")).to_have_count(len(texts), timeout=PATIENCE_MS)
    await expect(someone.answers).to_have_count(len(texts), timeout=PATIENCE_MS)
    await expect(someone.frame.locator(".banner")).to_be_hidden(timeout=PATIENCE_MS)
    await expect(someone.notice).to_have_count(1)
    thread = await someone.thread()
    assert [message["seq"] for message in thread] == list(range(1, 2 * len(texts) + 2))
    assert [message["body"]["text"] for message in thread if message["direction"] == "in"] == texts
    assert len({message["id"] for message in thread}) == len(thread)
    assert len({message.get("client_msg_id") for message in thread if message["direction"] == "in"}) == len(texts)
    in_order = [message["direction"] for message in thread]
    shown = await someone.frame.locator(".bubble").evaluate_all(
        "all => all.map((one) => (one.classList.contains('customer') ? 'in' : 'out'))"
    )
    assert shown == in_order
    assert await someone.own.locator(".card").all_inner_texts() == texts
    answers = [message for message in thread if message["direction"] == "out" and not is_notice(message)]
    sources = [message["body"]["article"]["question"] for message in answers]
    assert await someone.answers.locator(".source q").all_inner_texts() == sources
    assert sources == texts


async def _live_through(browser: Browser, port: int, manner: Manner) -> None:
    async with relay_to(port, manner) as relay, customer(browser, relay.url) as someone:
        await someone.visit("en")
        await someone.ask(ASKED[0])
        await expect(someone.own.locator(".mark-delivered")).to_have_count(1)
        relay.fall_silent()
        await someone.say(ASKED[1])
        await asyncio.sleep(SILENCE_S / 2)
        await someone.say(ASKED[2])
        await asyncio.sleep(SILENCE_S / 2)
        await expect(someone.frame.locator(".banner")).to_contain_text("No connection right now")
        await expect(someone.own.locator(".mark-waiting")).to_have_count(2)
        relay.pass_again()
        await _check_thread(someone, ASKED)


@pytest.mark.slow
async def test_a_minute_of_silence_loses_and_doubles_nothing(shop_server: LiveServer) -> None:
    async with chromium() as browser, asyncio.TaskGroup() as group:
        manners: tuple[Manner, ...] = ("holes", "deaf", "late")
        for manner in manners:
            group.create_task(_live_through(browser, shop_server.port, manner), name=manner)


@pytest.mark.slow
async def test_a_page_that_slept_catches_up(shop_server: LiveServer) -> None:
    async with (
        chromium() as browser,
        relay_to(shop_server.port, "deaf") as relay,
        customer(browser, relay.url) as someone,
    ):
        await someone.visit("en")
        await someone.ask(ASKED[0])
        # Typed before the lid is closed, not sent.
        await someone.field.fill("half a thou")
        await someone.page.evaluate("window.beats = 0; setInterval(() => window.beats++, 100)")
        # Chromium freezes no page that is on screen; a halted one runs no script and no timer either.
        tools = await someone.context.new_cdp_session(someone.page)
        await tools.send("Debugger.enable")
        halted = asyncio.Event()
        tools.once("Debugger.paused", lambda _: halted.set())
        await tools.send("Debugger.pause")
        await asyncio.wait_for(halted.wait(), 10)
        # The router forgets who sleeps.
        relay.forget_sockets()
        other = Customer(someone.context, await someone.context.new_page(), relay.url)
        await other.visit("en")
        await other.ask(ASKED[1])
        await asyncio.sleep(SLEEP_S)
        await other.ask(ASKED[2])

        await tools.send("Debugger.resume")
        assert await someone.page.evaluate("window.beats") < 10 * SLEEP_S / 2, "the page slept"
        await _check_thread(someone, ASKED)
        await _check_thread(other, ASKED)
        assert await someone.shown() == await other.shown()
        await expect(someone.field).to_have_value("half a thou")

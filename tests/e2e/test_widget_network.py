"""The chat while the network, the server or a proxy misbehaves: nothing lost, nothing twice, order kept."""

import asyncio
import json

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.e2e.console_page import chromium
from tests.e2e.widget_page import customer, cut
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

PATIENCE_MS = 40_000


async def test_what_was_typed_offline_is_sent_once_the_network_is_back(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        await someone.ask("How do I return a product?")
        await someone.context.set_offline(True)
        await expect(someone.frame.locator(".banner.offline")).to_contain_text("You are offline")
        for text in ("first", "second", "third"):
            await someone.say(text)
        await expect(someone.own.locator(".mark-waiting")).to_have_count(3)
        await someone.picture("offline")
        await someone.context.set_offline(False)
        await expect(someone.own.locator(".mark-delivered")).to_have_count(4, timeout=PATIENCE_MS)
        await expect(someone.frame.locator(".banner")).to_be_hidden()
        await expect(someone.answers).to_have_count(4)
        assert await someone.said() == ["How do I return a product?", "first", "second", "third"]


async def test_unsent_messages_outlive_the_page(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:
        await someone.visit("en")
        await someone.ask("How do I return a product?")
        await cut(someone.page)
        await someone.page.reload()
        await someone.open()
        for text in ("typed while away", "and one more"):
            await someone.say(text)
        await someone.field.fill("half a thou")
        await expect(someone.frame.locator(".banner")).to_contain_text("will be sent", timeout=PATIENCE_MS)
        await someone.page.reload()
        await someone.open()
        await expect(someone.own.locator(".mark-waiting")).to_have_count(2)
        await expect(someone.field).to_have_value("half a thou")

        # Another tab of the same browser has a way to the server: it sends for both, once.
        other = type(someone)(someone.context, await someone.context.new_page(), someone.url)
        await other.visit("en")
        await expect(other.own.locator(".mark-delivered")).to_have_count(3, timeout=PATIENCE_MS)
        await someone.page.unroute_all()
        await someone.page.reload()
        await someone.open()
        await expect(someone.own.locator(".mark-delivered")).to_have_count(3, timeout=PATIENCE_MS)
        assert (await someone.said())[1:] == ["typed while away", "and one more"]


async def test_a_killed_server_loses_nothing(live_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, live_server.url) as someone:
        await someone.visit("en")
        await someone.ask("How do I return a product?")
        live_server.kill()
        for text in ("one", "two"):
            await someone.say(text)
        await expect(someone.own.locator(".mark-waiting")).to_have_count(2)
        await asyncio.to_thread(live_server.start)
        await expect(someone.own.locator(".mark-delivered")).to_have_count(3, timeout=PATIENCE_MS)
        await expect(someone.answers).to_have_count(3)
        await asyncio.to_thread(live_server.restart)
        await someone.say("three")
        await expect(someone.answers).to_have_count(4, timeout=PATIENCE_MS)
        assert (await someone.said())[1:] == ["one", "two", "three"]


async def test_where_sockets_are_blocked_plain_http_carries_the_chat(shop_server: LiveServer) -> None:
    async with chromium() as browser, customer(browser, shop_server.url) as someone:

        async def block(socket: WebSocketRoute) -> None:
            await socket.close(code=1011)

        await someone.page.route_web_socket("**/channels/**", block)
        await someone.visit("en")
        answer = await someone.ask("How do I return a product?")
        assert "7 days" in answer
        await expect(someone.own.locator(".mark-delivered")).to_have_count(1)
        await someone.ask("How long is the warranty?")
        await expect(someone.frame.locator(".banner")).to_be_hidden()
        assert await someone.said() == ["How do I return a product?", "How long is the warranty?"]


async def test_a_message_whose_acknowledgement_was_lost_is_taken_once(shop_server: LiveServer) -> None:
    lost: list[str] = []

    async with chromium() as browser, customer(browser, shop_server.url) as someone:

        def relay(socket: WebSocketRoute) -> None:
            server = socket.connect_to_server()
            cut_off: list[WebSocketRoute] = []

            async def back(text: str | bytes) -> None:
                frame = json.loads(text)
                if frame["type"] == "ack" and len(lost) < 2:
                    # The server has committed; the browser hears neither the acknowledgement nor the answer.
                    lost.append(frame["client_msg_id"])
                    cut_off.append(socket)
                    await socket.close(code=1001)
                elif not cut_off:
                    socket.send(text)

            server.on_message(back)

        await someone.page.route_web_socket("**/channels/**", relay)
        await someone.visit("en")
        await someone.say("How do I return a product?")
        await expect(someone.answers).to_have_count(1, timeout=PATIENCE_MS)
        await someone.say("How long is the warranty?")
        await expect(someone.answers).to_have_count(2, timeout=PATIENCE_MS)
        await expect(someone.own.locator(".mark-delivered")).to_have_count(2)
        assert len(lost) == 2
        assert await someone.said() == ["How do I return a product?", "How long is the warranty?"]

"""The chat on other people's pages: strict policies, foreign origins, logged-in customers."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

import jwt
import pytest
from aiohttp import web
from playwright.async_api import expect

from tests.conftest import copied
from tests.e2e.console_page import chromium
from tests.e2e.widget_page import customer
from tests.servers import LiveServer, free_port

pytestmark = pytest.mark.heavy

SECRET = "what the shop and its chat share, and nobody else"
SHOP_PORT = free_port()
# Another site than the chat's 127.0.0.1: the frame is a third party there.
SHOP = f"http://localhost:{SHOP_PORT}"


@pytest.fixture(scope="module")
def chat_server(
    cluster: Callable[[str, str], str], demo_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A chat for two shops, of which only one stands on our page."""
    channels = [
        {"kind": "web", "name": "shop", "origins": [SHOP], "identity_secret": SECRET},
        {"kind": "web", "name": "other", "origins": ["https://other.example"]},
    ]
    with (
        contextmanager(copied)(cluster, demo_template) as addresses,
        LiveServer(addresses, tmp_path_factory.mktemp("embed"), YINGDA_CHANNELS=json.dumps(channels)) as server,
    ):
        yield server


@asynccontextmanager
async def shop_page(chat: str, account: str = "shop", frames: bool = True) -> AsyncIterator[str]:
    """A shop that allows nothing but the chat's script and frame, and no style at all."""
    policy = f"default-src 'none'; script-src {chat}; base-uri 'none'" + (f"; frame-src {chat}" if frames else "")

    async def page(request: web.Request) -> web.Response:
        script = f'<script src="{chat}/widget/loader.js" data-account="{account}" data-accent="#ffd400" defer></script>'
        return web.Response(
            text=f"<!doctype html><html lang=en><title>shop</title><h1>Shop</h1>{script}",
            content_type="text/html",
            headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"},
        )

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", SHOP_PORT).start()
    try:
        yield SHOP
    finally:
        await runner.cleanup()


def identity(subject: str) -> str:
    """The shop's word for a customer."""
    claims = {"aud": "yingda:shop", "sub": subject, "jti": uuid4().hex, "exp": int(time.time()) + 300}
    return jwt.encode(claims, SECRET, "HS256")


async def test_it_works_under_a_policy_that_allows_no_style(chat_server: LiveServer) -> None:
    async with chromium() as browser, shop_page(chat_server.url) as shop, customer(browser, shop) as someone:
        await someone.page.goto(shop)
        await someone.page.wait_for_selector("yingda-chat")
        size = await someone.launcher.bounding_box()
        assert size is not None
        assert (size["width"], size["height"]) == (60, 60), "its looks survive the policy"
        await someone.open()
        assert "7 days" in await someone.ask("How do I return a product?")
        await expect(someone.own.locator(".card")).to_have_css("background-color", "rgb(255, 212, 0)")
        # This browser may refuse a storage to frames of other sites: the conversation goes on all the same.
        await someone.page.reload()
        await someone.open()
        await expect(someone.answers).to_have_count(1)
        assert "2 years" not in await someone.ask("How long is the warranty?")
        await expect(someone.own).to_have_count(2)
        await someone.check_policy()


async def test_customers_who_log_in_and_out_are_kept_apart(chat_server: LiveServer) -> None:
    async with chromium() as browser, shop_page(chat_server.url) as shop, customer(browser, shop) as someone:
        page = someone.page
        await page.goto(shop)
        await page.evaluate("window.faults = []; void Yingda.on('fault', (code) => faults.push(code))")
        await someone.open()
        await page.evaluate("jwt => Yingda.identify(jwt)", identity("anna"))
        await expect(someone.frame.locator(".chip")).to_have_count(4)
        await someone.ask("How do I return a product?")
        await page.evaluate("jwt => Yingda.identify(jwt)", identity("ben"))
        await expect(someone.own).to_have_count(0)
        await someone.ask("How long is the warranty?")
        await page.evaluate("Yingda.identify(null)")
        await expect(someone.own).to_have_count(0)
        await page.evaluate("jwt => Yingda.identify(jwt)", identity("anna"))
        await expect(someone.own).to_have_count(1)
        await expect(someone.own.locator(".card")).to_have_text("How do I return a product?")
        assert await page.evaluate("faults") == []

        # Somebody whom the shop does not vouch for never sees the thread of the customer before.
        code = await page.evaluate(
            "jwt => new Promise((heard) => { Yingda.on('fault', heard); Yingda.identify(jwt) })",
            jwt.encode({"sub": "ben"}, "x" * 32, "HS256"),
        )
        assert code == "identity_invalid"
        await expect(someone.own).to_have_count(0)


async def test_a_page_that_may_not_embed_it_offers_a_tab(chat_server: LiveServer) -> None:
    async with chromium() as browser, shop_page(chat_server.url, "other") as shop, customer(browser, shop) as someone:
        await someone.page.goto(shop)
        await someone.launcher.click()
        link = someone.page.get_by_role("link", name="Open it in a new tab")
        await expect(link).to_be_visible(timeout=30_000)
        assert await link.get_attribute("rel") == "noopener"
        await someone.page.keyboard.press("Escape")
        await expect(someone.launcher).to_have_attribute("aria-expanded", "false")


async def test_messages_of_strangers_are_not_heard(chat_server: LiveServer) -> None:
    async with chromium() as browser, shop_page(chat_server.url) as shop, customer(browser, shop) as someone:
        await someone.page.goto(shop)
        await someone.open()
        # The page itself is not the frame: it cannot close the chat or set its badge by a forged message.
        await someone.page.evaluate("window.postMessage({ mark: 'yingda', type: 'close' }, '*')")
        # Neither may the frame be told anything by anybody but the page around it.
        frame = next(frame for frame in someone.page.frames if "/widget/frame/" in frame.url)
        await frame.evaluate("window.postMessage({ mark: 'yingda', type: 'draft', text: 'forged' }, '*')")
        await someone.settle()
        await expect(someone.launcher).to_have_attribute("aria-expanded", "true")
        await expect(someone.field).to_have_value("")
        # What the page may do: fill in a question, which the customer sends or not.
        await someone.page.evaluate("Yingda.open('How long is the warranty?')")
        await expect(someone.field).to_have_value("How long is the warranty?")
        await expect(someone.own).to_have_count(0)

"""A customer with the chat widget in real Chromium."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, WebSocketRoute, expect

from tests.servers import ROOT

PICTURES = ROOT / "artefacts" / "widget"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
_WATCH_POLICY = """
window.policyFaults = []
document.addEventListener('securitypolicyviolation', (event) =>
  window.policyFaults.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))
"""
# A first contact is told, once and in a bubble of its own, what data are for: no answer to what was asked.
NOTICE = ":has(.link[href*='/privacy']):not(:has(.choice))"
# The network is taken away on purpose in these tests; the browser says so in its log.
_NETWORK = ("Failed to load resource", "WebSocket connection to")


class Customer:
    """One customer in one tab. Whatever the pages complain about is kept in ``faults``."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.faults: list[str] = []
        self.launcher = page.locator("yingda-chat .launcher")
        self.frame = page.frame_locator("yingda-chat iframe")
        self.field = self.frame.locator("textarea")
        self.own = self.frame.locator(".bubble.customer")
        self.notice = self.frame.locator(f".bubble.bot{NOTICE}")
        self.answers = self.frame.locator(f".bubble.bot:not({NOTICE})")
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_NETWORK):
            self.faults.append(message.text)

    async def visit(self, lang: str = "zh-Hans") -> None:
        """Opens the demo shop and its chat."""
        await self.page.goto(f"{self.url}/demo/?lang={lang}")
        await self.open()

    async def open(self) -> None:
        """Opens the chat on the page that is shown."""
        await self.launcher.click()
        await expect(self.field).to_be_focused()

    async def say(self, text: str) -> None:
        """Types a message and sends it with Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def ask(self, text: str) -> str:
        """Says something; returns the text of the answer's card."""
        before = await self.answers.count()
        await self.say(text)
        answer = self.answers.nth(before)
        await expect(answer).to_be_visible()
        return await answer.locator(".card").inner_text()

    async def shown(self) -> list[str]:
        """The text of every message on screen, in order."""
        return await self.frame.locator(".bubble .card").all_inner_texts()

    async def thread(self) -> list[dict[str, Any]]:
        """What the server has, asked for with the widget's own token."""
        frame = next(frame for frame in self.page.frames if "/widget/frame/" in frame.url)
        answer = await frame.evaluate(
            """async () => {
                const { token } = JSON.parse(localStorage.getItem('yingda:shop:session'))
                const headers = { Authorization: `Bearer ${token}` }
                return (await fetch('/channels/shop/messages?after=0', { headers })).json()
            }"""
        )
        return list(answer["messages"])

    async def said(self) -> list[str]:
        """The customer's own texts as the server has them."""
        return [message["body"]["text"] for message in await self.thread() if message["direction"] == "in"]

    async def settle(self) -> None:
        """Wait until what slides and fades stands still."""
        await self.page.wait_for_timeout(400)

    async def barriers(self) -> list[str]:
        """Serious and critical faults of accessibility, in the shop's page and in the frame."""
        await self.settle()
        found: list[str] = []
        for frame in self.page.frames:
            await frame.evaluate(AXE.read_text(encoding="utf-8"))
            # Each document alone: axe's own walk into frames needs a reply that a strict page may not give.
            found += await frame.evaluate(
                """axe.run(document, { iframes: false }).then((result) => result.violations
                    .filter((one) => ['serious', 'critical'].includes(one.impact))
                    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`))"""
            )
        return found

    async def check_policy(self) -> None:
        """Nothing that a content security policy refuses, nothing in the browser's log."""
        for frame in self.page.frames:
            assert await frame.evaluate("window.policyFaults") == []
        assert self.faults == []

    async def picture(self, name: str) -> None:
        """Keep a picture of the window."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        await self.settle()
        await self.page.screenshot(path=PICTURES / f"{name}.png")


@asynccontextmanager
async def customer(browser: Browser, url: str, **context: Any) -> AsyncIterator[Customer]:
    """A customer with a browser profile of their own."""
    opened = await browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1200, "height": 860}, **context})
    await opened.add_init_script(_WATCH_POLICY)
    try:
        yield Customer(opened, await opened.new_page(), url)
    finally:
        await opened.close()


async def cut(page: Page) -> None:
    """From now on the chat's server is out of reach for this page; the page itself still loads."""

    async def refuse(route: Route) -> None:
        await route.abort()

    async def close(socket: WebSocketRoute) -> None:
        with contextlib.suppress(Exception):
            await socket.close(code=1001)

    await page.route("**/channels/**", refuse)
    await page.route_web_socket("**/channels/**", close)

"""The console in real Chromium, and a customer beside it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.parts import needed_program
from tests.servers import ROOT

# The lists look for new rows every five seconds.
expect.set_options(timeout=30_000)

PASSWORD = "a warm kettle sings at dusk"
PICTURES = ROOT / "artefacts" / "console"
_AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
_WATCH_POLICY = """
window.policyFaults = []
document.addEventListener('securitypolicyviolation', (event) =>
  window.policyFaults.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=needed_program("chromium", "chromium-browser", "google-chrome"),
            args=["--no-sandbox", "--force-color-profile=srgb"],
        )
        try:
            yield browser
        finally:
            await browser.close()


class Console:
    """One person at one browser. Whatever the page complains about is kept in ``faults``."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        # The browser reports every answer of 400 and above; refusals are part of these tests.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.faults.append(message.text)

    async def open(self, place: str) -> None:
        """Go to a page of the console, e.g. ``/contacts``."""
        await self.page.goto(f"{self.url}/console/#{place}")

    async def enter(self, link: str) -> None:
        """Choose the password behind a one-time link and come in."""
        await self.page.goto(link)
        await self.page.fill("#password", PASSWORD)
        await self.page.fill("#repeat", PASSWORD)
        await self.page.press("#repeat", "Enter")
        await self.page.wait_for_selector(".shell")

    async def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Fill in the sign-in form that is on screen."""
        await self.page.fill("#name", name)
        await self.page.fill("#password", password)
        await self.page.press("#password", "Enter")

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """A call with this browser's session, as its own scripts would make it."""
        return await self.page.evaluate(
            """async ([method, path, body]) => {
                const me = await (await fetch('/api/session')).json()
                const response = await fetch(path, {
                    method,
                    headers: {'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf},
                    body: body === null ? undefined : JSON.stringify(body),
                })
                return response.status === 204 ? null : await response.json()
            }""",
            [method, path, body],
        )

    async def settle(self) -> None:
        """Wait until what slides and fades stands still."""
        await self.page.wait_for_timeout(100)
        await self.page.evaluate(
            """Promise.all(document.getAnimations()
                .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
                .map((one) => one.finished.catch(() => null)))"""
        )

    async def barriers(self) -> list[str]:
        """What axe-core calls a serious or critical fault of accessibility on the page as it is now.

        A message that fades away while axe measures has any contrast: a fault counts when it is still there
        once such messages have gone.
        """
        await self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        if not await self._measure():
            return []
        await self.page.wait_for_selector(".el-message", state="detached")
        return await self._measure()

    async def _measure(self) -> list[str]:
        await self.settle()
        found = await self.page.evaluate(
            """axe.run().then((result) => result.violations
                .filter((one) => ['serious', 'critical'].includes(one.impact))
                .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`))"""
        )
        return [str(one) for one in found]

    async def check_policy(self) -> None:
        """Nothing that the content security policy refuses, nothing in the browser's log."""
        assert await self.page.evaluate("window.policyFaults") == []
        assert self.faults == []

    async def picture(self, name: str) -> Path:
        """Keep a picture of the window."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        await self.settle()
        await self.page.screenshot(path=path)
        return path


@asynccontextmanager
async def console(browser: Browser, url: str, **context: Any) -> AsyncIterator[Console]:
    """A fresh browser profile, in simplified Chinese and the light theme unless ``context`` says otherwise."""
    made = await browser.new_context(**{"locale": "zh-CN", "color_scheme": "light", **context})
    await made.add_init_script(_WATCH_POLICY)
    page = await made.new_page()
    page.set_default_timeout(30_000)
    try:
        yield Console(made, page, url)
    finally:
        await made.close()


def is_notice(message: dict[str, Any]) -> bool:
    """Whether the message tells a first contact what data are for: it has the policy's address and asks nothing."""
    body = message["body"]
    return "choices" not in body and any("/privacy" in link["url"] for link in body.get("links", ()))


async def chat(url: str, *texts: str, locale: str = "zh-Hans") -> list[dict[str, Any]]:
    """A new visitor of the shop says these over plain HTTP; returns the answers, without the first contact's notice."""
    answers: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:
        async with client.post(f"{url}/channels/shop/session", json={"locale": locale}) as response:
            token = (await response.json())["token"]
        for text in texts:
            async with client.post(
                f"{url}/channels/shop/messages",
                json={"client_msg_id": uuid4().hex, "text": text},
                headers={"Authorization": f"Bearer {token}"},
            ) as response:
                reply = await response.json()
                assert response.status == 200, json.dumps(reply)
                answers += [one for one in reply["messages"] if one["direction"] == "out" and not is_notice(one)]
    return answers

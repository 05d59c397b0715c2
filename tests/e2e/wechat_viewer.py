"""Looks at the phone page as a person would: is anything cut, too wide, too pale, is the newest line in sight?"""

from pathlib import Path
from typing import Literal

from playwright.async_api import Page, expect

from tests.servers import ROOT

AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (
    ("light", 1360),
    ("dark", 1360),
    ("light", 390),
    ("dark", 390),
)
READ = (("light", 1360), ("dark", 390))
"""The looks that axe reads too: contrast depends on the colours and not on the width."""
# What is wider than its box and hidden there, and what lies outside the chat or another bubble.
_CUT = """() => {
    const log = document.querySelector('.log').getBoundingClientRect()
    const cut = [...document.querySelectorAll('.screen *')].filter((one) =>
        one.getClientRects().length && !one.classList.contains('hidden')
        && getComputedStyle(one).overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1)
    const boxes = [...document.querySelectorAll('.lines .bubble, .lines .card, .lines .event p')]
    const outside = boxes.filter((one) => {
        const box = one.getBoundingClientRect()
        return box.left < log.left - 1 || box.right > log.right + 1 || box.height < 10
    })
    const over = boxes.filter((one, place) => place > 0
        && one.getBoundingClientRect().top < boxes[place - 1].getBoundingClientRect().bottom - 1)
    return Object.entries({ cut, outside, covered: over })
        .flatMap(([fault, found]) => found.map((one) => `${fault}: ${one.outerHTML.slice(0, 160)}`))
}"""
_BELOW = (
    "() => { const log = document.querySelector('.log'); return log.scrollHeight - log.scrollTop - log.clientHeight }"
)
_BARRIERS = """axe.run(document).then((result) => result.violations
    .filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`))"""


class Viewer:
    """One page with one phone; pictures of what was looked at lie in ``folder``."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.faults: list[str] = []
        self._folder = folder
        self._answers = page.locator(".lines .line.other")
        self._read = 0
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def ask(self, text: str) -> str:
        """Writes it, sends it with Enter and returns what comes in answer to the push."""
        await self.page.fill("#field", text)
        await self.page.press("#field", "Enter")
        return await self.came()

    async def came(self, how: str = "passive") -> str:
        """The text of the account's next line, which came in this way."""
        line = self._answers.nth(self._read)
        await expect(line).to_be_in_viewport(timeout=30_000)
        self._read += 1
        came = await line.get_attribute("data-how")
        assert came == how, await line.inner_text()
        return await line.locator(".bubble").inner_text()

    async def look(self, name: str, *, read: bool = True) -> None:
        """Takes pictures in every look, and fails where one of them is not fit to be seen.

        ``read``: by axe too, which takes its time and finds the same in bubbles of the same kind.
        """
        for scheme, width in LOOKS:
            await self.page.emulate_media(color_scheme=scheme)
            await self.page.set_viewport_size({"width": width, "height": 844})
            where = f"{name}-{scheme}-{width}"
            await self.page.screenshot(path=self._folder / f"{where}.png")
            assert self.faults == [], f"{where}: {self.faults}"
            wide = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{where}: {wide} px wider than the window"
            cut = await self.page.evaluate(_CUT)
            assert cut == [], f"{where}: {cut}"
            below = await self.page.evaluate(_BELOW)
            assert below < 2, f"{where}: the newest line is {below} px out of sight"
            if read and (scheme, width) in READ:
                await self._read_aloud(where)

    async def _read_aloud(self, where: str) -> None:
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        barriers = await self.page.evaluate(_BARRIERS)
        assert barriers == [], f"{where}: {barriers}"

"""A person at the console of a running server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import aiohttp

from bot.settings import Settings
from bot.storage.database import Addresses, make_engine
from tests.integration.console_client import Browser, Reply, make_staff
from tests.servers import LiveServer


class Person:
    """Has the one conversation that waits."""

    def __init__(self, browser: Browser, conversation: str, fence: int) -> None:
        self._browser = browser
        self._conversation = conversation
        self._fence = fence

    async def answer(self, text: str) -> None:
        """Says it to the customer."""
        path = f"/api/queue/{self._conversation}/answer"
        reply = await self._browser.call("POST", path, {"step": str(uuid4()), "fence": self._fence, "text": text})
        assert reply.status == 201, reply

    async def send_file(self, name: str, content: bytes, text: str | None = None) -> None:
        """Sends a file, with words or without."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", content, filename=name)
        kept = await self._browser.call("POST", f"/api/queue/{self._conversation}/files", data=form)
        assert kept.status == 201, kept
        said = {"step": str(uuid4()), "fence": self._fence, "files": [kept.body["id"]]}
        reply = await self._browser.call("POST", f"/api/queue/{self._conversation}/answer", {**said, "text": text})
        assert reply.status == 201, reply

    async def try_answer(self, text: str) -> Reply:
        """Says it, or says why not."""
        said = {"step": str(uuid4()), "fence": self._fence, "text": text}
        return await self._browser.call("POST", f"/api/queue/{self._conversation}/answer", said)

    async def try_files(self, *files: UUID) -> Reply:
        """Sends files that were kept before, or says why not."""
        said = {"step": str(uuid4()), "fence": self._fence, "files": [str(one) for one in files]}
        return await self._browser.call("POST", f"/api/queue/{self._conversation}/answer", said)

    async def type_on(self, on: bool) -> None:
        """Writes, or has stopped."""
        reply = await self._browser.call("POST", f"/api/queue/{self._conversation}/typing", {"on": on})
        assert reply.status == 204, reply


@asynccontextmanager
async def at_desk(addresses: Addresses, server: LiveServer, name: str = "mei") -> AsyncIterator[Person]:
    """A person signs in and takes the one conversation that waits."""
    engine = make_engine(addresses.application_url, Settings())
    await make_staff(engine, name, "agent")
    await engine.dispose()
    browser = Browser(server.url)
    try:
        signed = await browser.sign_in(name)
        assert signed.status == 200, signed
        [waiting] = (await browser.call("GET", "/api/queue")).body["items"]
        taken = await browser.call("POST", f"/api/queue/{waiting['id']}/take", {"step": str(uuid4())})
        assert taken.status == 200, taken
        yield Person(browser, waiting["id"], taken.body["fence"])
    finally:
        await browser.http.close()

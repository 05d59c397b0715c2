"""Customer and person at one running server: what either says reaches the other at once, and the bot keeps quiet."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import aiohttp
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.desk.steps import Desk, Step
from bot.realtime.in_memory import InMemory
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.database import make_engine
from tests.integration.chat_calls import connect, token_of
from tests.integration.console_client import Browser, make_staff, told_to_nobody
from tests.servers import LiveServer


class Visitor:
    """One customer on a socket; what comes in is kept in ``lines``."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.lines: list[dict[str, Any]] = []

    async def say(self, words: str) -> None:
        await self.socket.send_json({"type": "send", "client_msg_id": uuid4().hex, "text": words})

    async def hear(self, author: str, within_s: float = 10.0) -> dict[str, Any]:
        """The next line of this author."""
        async with asyncio.timeout(within_s):
            while True:
                frame = await self.socket.receive_json()
                if frame["type"] == "message":
                    self.lines.append(frame)
                    if frame["author"] == author:
                        return dict(frame)

    async def hears_nothing(self, author: str, for_s: float) -> bool:
        try:
            await self.hear(author, for_s)
        except TimeoutError:
            return True
        return False


async def waiting_id(engine: AsyncEngine, owner: str = "queue") -> Any:
    """The conversation that waits, once it does."""
    query = text("SELECT id FROM bot.conversations WHERE owner = :owner AND closed_at IS NULL")
    for _ in range(400):
        async with engine.connect() as connection:
            found = await connection.scalar(query, {"owner": owner})
        if found is not None:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"nobody is with {owner}")


async def test_a_customer_and_a_person_talk(live_server: LiveServer, settings: Settings) -> None:
    engine = make_engine(live_server.addresses.application_url, settings)
    await make_staff(engine, "mei", "agent")
    mei = Browser(live_server.url)
    async with aiohttp.ClientSession() as http:
        assert (await mei.sign_in("mei")).status == 200
        socket = await connect(http, live_server, await token_of(http, live_server))
        customer = Visitor(socket)
        await customer.say("how do I return a washing machine?")
        await customer.hear("bot")
        await customer.say("talk to a person")
        await customer.hear("bot")
        place = f"/api/queue/{await waiting_id(engine)}"
        fence = (await mei.call("POST", f"{place}/take", {"step": str(uuid4())})).body["fence"]

        began = time.monotonic()
        said = {"step": str(uuid4()), "fence": fence, "text": "I am Mei, how can I help?"}
        assert (await mei.call("POST", f"{place}/answer", said)).status == 201
        assert (await customer.hear("agent"))["body"]["text"] == "I am Mei, how can I help?"
        assert time.monotonic() - began < 10

        # What the customer says meanwhile is the person's to answer, whatever it is.
        news = (await mei.call("GET", "/api/queue/news")).body
        waiting = asyncio.create_task(mei.call("GET", f"/api/queue/news?cursor={news['cursor']}&wait=20"))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await customer.say("how do I return a washing machine?")
        await asyncio.wait_for(waiting, 20)
        assert time.monotonic() - began < 15, "told of it, not after the 20 s that it waits for"
        assert await customer.hears_nothing("bot", 1.0)

        # Solved: closed. Whoever writes again talks to the bot, in a conversation of its own.
        first = await waiting_id(engine, "agent")
        gone = {"step": str(uuid4()), "fence": fence, "kind": "resolve"}
        assert (await mei.call("POST", f"{place}/leave", gone)).status == 200
        await customer.say("how do I return a washing machine?")
        await customer.hear("bot")
        assert await waiting_id(engine, "bot") != first
        async with engine.connect() as connection:
            query = text("SELECT closed_at IS NOT NULL, close_reason FROM bot.conversations WHERE id = :id")
            assert tuple((await connection.execute(query, {"id": first})).one()) == (True, "agent")
        seqs = [line["seq"] for line in customer.lines]
        assert seqs == sorted(set(seqs))
        await socket.close()
    await mei.http.close()
    await engine.dispose()


async def test_a_person_answers_while_a_turn_is_in_flight(live_server: LiveServer, settings: Settings) -> None:
    engine = make_engine(live_server.addresses.application_url, settings)
    agent = await make_staff(engine, "mei", "agent")
    async with aiohttp.ClientSession() as http:
        desk = Desk(engine, KEYS, InMemory(), told_to_nobody)
        customer = Visitor(await connect(http, live_server, await token_of(http, live_server)))
        # Who asks again, while being asked what it is about, gets the person at once.
        for _ in range(2):
            await customer.say("talk to a person")
            await customer.hear("bot")
        conversation = await waiting_id(engine)
        fence = await desk.take(Step(uuid4(), conversation, agent.id))
        # Lines of both sides at the same moment: each gets a number of its own, none is lost.
        await asyncio.gather(
            *(customer.say(f"line {number}") for number in range(10)),
            *(desk.answer(Step(uuid4(), conversation, agent.id), fence, {"text": f"re {n}"}) for n in range(10)),
        )
        query = text("SELECT seq, author FROM bot.messages WHERE conversation_id = :id ORDER BY seq")
        lines: Sequence[Row[*tuple[Any, ...]]] = ()
        for _ in range(400):
            async with engine.connect() as connection:
                lines = (await connection.execute(query, {"id": conversation})).all()
            if len([one for one in lines if one.author == "customer"]) == 12:
                break
            await asyncio.sleep(0.05)
        assert [one.seq for one in lines] == list(range(1, len(lines) + 1))
        authors = [one.author for one in lines]
        assert (authors.count("customer"), authors.count("agent")) == (12, 10)
        assert "bot" not in authors[authors.index("agent") :]
        await customer.socket.close()
    await engine.dispose()

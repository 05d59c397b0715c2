"""What is broken on purpose, each a function that says what it has shown or raises."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.rehearsal.audit import audit, compare_all
from bot.rehearsal.database import Database
from bot.rehearsal.facts import DIE, HANG, RAISE
from bot.rehearsal.keeper import Keeper, kept_server
from bot.rehearsal.session import Session
from bot.rehearsal.thread import PromiseBroken
from bot.rehearsal.traffic import traffic
from bot.rehearsal.visitors import PlainVisitor, SocketVisitor, Visitor
from bot.settings import Settings
from bot.storage.pool import Pool, make_pool

PAIRS = 200
DELIVERIES = 50
FIRST_MESSAGES = 10
KILLS = 3
AWAY_S = 3.0
VISITORS = 8


@dataclass(frozen=True, slots=True)
class Stage:
    """What the scenarios play on."""

    nursery: Path
    database: Database
    folder: Path

    def server(self) -> AbstractAsyncContextManager[Keeper]:
        """A server, started again whenever it ends."""
        return kept_server(self.nursery, self.database.addresses, self.folder)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Pool]:
        """A view of the store of our own, past every server."""
        async with make_pool(self.database.addresses.application_url, Settings()) as pool:
            yield pool

    async def check(self, visitors: Sequence[Visitor]) -> None:
        """Holds the store to its rules and to what the visitors were told. Raises :class:`PromiseBroken`."""
        async with self.store() as pool:
            faults = [*await audit(pool), *await compare_all(pool, visitors)]
        if faults:
            raise PromiseBroken("; ".join(faults))


Scenario = Callable[[Stage], Awaitable[str]]


def demand(holds: bool, otherwise: str) -> None:
    """Raises :class:`PromiseBroken` with ``otherwise`` unless it ``holds``."""
    if not holds:
        raise PromiseBroken(otherwise)


async def duplicates_at_once(stage: Stage) -> str:
    """The same message twice at the same instant, and fifty times."""
    async with stage.server() as one, stage.server() as two, aiohttp.ClientSession() as http:
        session = Session(http, [one.url])
        await session.token()
        twins = [PlainVisitor(session.via([server.url])) for server in (one, two)]
        for number in range(PAIRS):
            seqs = await asyncio.gather(*(twin.send(f"pair{number}", text=f"note {number}") for twin in twins))
            demand(seqs[0] == seqs[1], f"two deliveries of one message became {seqs}")
        tabs = [SocketVisitor(session.via([one.url])) for _ in range(DELIVERIES)]
        seqs = await asyncio.gather(*(tab.send("many", text="note") for tab in tabs))
        demand(len(set(seqs)) == 1, f"{DELIVERIES} deliveries of one message became {sorted(set(seqs))}")
        visitors: list[Visitor] = [*twins, *tabs]
        await asyncio.gather(*(visitor.catch_up() for visitor in visitors))
        await asyncio.gather(*(visitor.close() for visitor in visitors))
    await stage.check(visitors)
    return f"{PAIRS} messages delivered twice at once, one {DELIVERIES} times: one row and one answer each"


async def first_messages_at_once(stage: Stage) -> str:
    """Ten first messages of one visitor."""
    async with stage.server() as server, aiohttp.ClientSession() as http:
        session = Session(http, [server.url])
        await session.token()
        tabs = [PlainVisitor(session.via([server.url])) for _ in range(FIRST_MESSAGES)]
        await asyncio.gather(*(tab.send(text="hello") for tab in tabs))
        await asyncio.gather(*(tab.catch_up() for tab in tabs))
    # Once only, the answer has the notice of a first contact beside it.
    lines = 2 * FIRST_MESSAGES + 1
    demand(len(tabs[0].thread.messages) == lines, "not all first messages, their answers and one notice in the thread")
    await stage.check(tabs)
    return f"{FIRST_MESSAGES} first messages at once: one contact, one conversation, one order"


async def broken_steps(stage: Stage) -> str:
    """A message that raises, hangs or kills the process, while others write."""
    async with stage.server() as server, traffic([server.url], VISITORS) as crowd, aiohttp.ClientSession() as http:
        broken = [SocketVisitor(Session(http, [server.url])) for _ in range(3)]
        for visitor, fault in zip(broken, (RAISE, HANG, DIE), strict=True):
            apology = await visitor.say(fault)
            offered = [choice["id"] for choice in apology["body"].get("choices", ())]
            demand(offered == ["bot"], f"{fault!r} was not given to a person: {apology['body']}")
            await visitor.send(choice="bot")
            answer = await visitor.say("and now?")
            demand("article" in answer["body"], f"after {fault!r} the conversation does not live on")
            await crowd.until_more(VISITORS)
        await asyncio.gather(*(visitor.catch_up() for visitor in broken))
        await asyncio.gather(*(visitor.close() for visitor in broken))
    await stage.check([*broken, *crowd.visitors])
    return f"raised, hung, killed {len(server.ends)} servers: each an apology and a person; {_others(crowd.messages)}"


async def kills_under_traffic(stage: Stage) -> str:
    """kill -9 of one server after the other."""
    async with (
        stage.server() as one,
        stage.server() as two,
        traffic([one.url, two.url], VISITORS) as crowd,
    ):
        for number in range(KILLS):
            await crowd.until_more(10 * VISITORS)
            await (one, two)[number % 2].kill()
        await crowd.until_more(10 * VISITORS)
    await stage.check(crowd.visitors)
    return f"{KILLS} servers killed under traffic: {crowd.messages} acknowledged messages, each once, each answered"


async def database_away(stage: Stage) -> str:
    """PostgreSQL stops and comes back."""
    async with stage.server() as server, traffic([server.url], VISITORS) as crowd:
        await crowd.until_more(5 * VISITORS)
        await stage.database.stop()
        stopped = time.monotonic()
        try:
            demand(not await server.ready(), "ready without a database")
            await asyncio.sleep(AWAY_S)
        finally:
            await stage.database.start()
        away_s = time.monotonic() - stopped
        await crowd.until_more(5 * VISITORS)
        back_s = time.monotonic() - stopped - away_s
        await server.until_ready()
    demand(server.starts == 1, "the server did not survive the outage")
    await stage.check(crowd.visitors)
    return f"the database {away_s:.1f} s away: answers again {back_s:.1f} s after it, nothing lost, nothing twice"


def _others(messages: int) -> str:
    return f"others had {messages} messages answered meanwhile"


SCENARIOS: dict[str, Scenario] = {
    "the same message at once": duplicates_at_once,
    "first messages at once": first_messages_at_once,
    "messages that break the bot": broken_steps,
    "servers killed": kills_under_traffic,
    "database away": database_away,
}

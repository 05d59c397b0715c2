"""Many users who write, and the account of it: every message in the store once and in order, every answer once on the
phone, unless the store says why not."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.channels.wechat.compose import Terms, words_of
from bot.rehearsal.audit import audit
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.database import Addresses
from bot.storage.pool import make_pool
from bot.turns.thread import Thread
from tests.integration.wechat_edge.phones import Wechat
from tests.servers import LiveServer

STATES = """
SELECT m.id, o.state FROM bot.outbox o JOIN bot.messages m ON m.id = o.message_id
"""
SETTLED = "SELECT 1 WHERE NOT EXISTS (SELECT FROM bot.outbox WHERE state IN ('queued', 'begun'))"
INTERRUPTED = """
UPDATE bot.outbox SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL AND state = 'begun' RETURNING 1
"""
"""Ends the leases of whoever was killed, which last for a minute; for when nobody sends any more."""


class Crowd:
    """``count`` users; each writes its lines, numbered, one after another, whatever becomes of those before."""

    def __init__(self, phones: Wechat, addresses: Addresses, count: int) -> None:
        self._phones = phones
        self._addresses = addresses
        self._openids: dict[str, str] = {}
        self.said: dict[str, list[str]] = defaultdict(list)
        self.deliveries: list[int] = []
        self._count = count

    async def gather(self) -> None:
        """They follow."""
        body = {"count": self._count, "prefix": "u", "follow": ["care"]}
        made = await self._phones.emulator.control("POST", "/users", body)
        self._openids = {one["user"]: one["openids"]["care"] for one in made["users"]}

    async def write(self, each_s: float, seconds: float) -> None:
        """All of them write every ``each_s`` seconds, for so long."""
        async with asyncio.TaskGroup() as users:
            for place, user in enumerate(self._openids):
                users.create_task(self._write(user, each_s, each_s * place / self._count, seconds))

    async def burst(self) -> None:
        """All of them write at once; their pushes are under way when this returns."""
        await asyncio.gather(*(self.say(user, f"几点营业？（{len(lines) + 1}）") for user, lines in self.said.items()))

    async def _write(self, user: str, each_s: float, after_s: float, seconds: float) -> None:
        end = time.monotonic() + seconds
        await asyncio.sleep(after_s)
        while time.monotonic() < end:
            await self.say(user, f"你们几点营业？（{len(self.said[user]) + 1}）")
            await asyncio.sleep(each_s)

    async def say(self, user: str, words: str) -> None:
        """One message; its push is under way when this returns."""
        self.said[user].append(words)
        done = await self._phones.emulator.control("POST", f"/users/{user}/text", {"content": words})
        self.deliveries += done["deliveries"]

    async def settled(self, within_s: float = 30) -> None:
        """Returns once no push is under way, all were taken, and all answers went out or did not."""
        idle = await self._phones.emulator.control("GET", f"/idle?wait={within_s}")
        assert idle["idle"]
        total = sum(map(len, self.said.values()))
        await self._phones.until(
            f"SELECT 1 FROM bot.messages WHERE direction = 'in' HAVING count(*) >= {total}", within_s
        )
        self._phones.rows(INTERRUPTED)
        await self._phones.until(SETTLED, within_s)

    async def account(self, *, in_order: bool = True) -> list[str]:
        """What is wrong, user by user; empty when nothing is."""
        states = dict(self._phones.rows(STATES))
        faults: list[str] = []
        async with make_pool(self._addresses.application_url, Settings()) as pool:
            faults += await audit(pool, "care")
            for user, openid in self._openids.items():
                lines = await Thread(pool, KEYS, "care", openid).after(0, limit=100_000)
                heard = [str(line.body.get("text")) for line in lines if line.direction == "in"]
                if (heard if in_order else sorted(heard)) != (self.said[user] if in_order else sorted(self.said[user])):
                    faults.append(f"{user} said {self.said[user]}, the store has {heard}")
                answered = {line.id: line for line in lines if line.direction == "out"}
                faults += await self._compare(user, answered, states)
        return faults

    async def _shown(self, user: str) -> list[str]:
        found = await self._phones.emulator.control("GET", f"/users/{user}/phone?how=passive,custom")
        return [line["content"].get("content") or line["content"].get("head", "") for line in found["lines"]]

    async def _compare(self, user: str, answered: dict, states: dict) -> list[str]:  # type: ignore[type-arg]
        phone = "\n\n".join(await self._shown(user))
        sent: dict[str, int] = defaultdict(int)
        perhaps: dict[str, int] = defaultdict(int)
        for number, line in answered.items():
            words = words_of(line.body, Terms("zh-Hans"))
            sent[words] += states[number] == "sent"
            perhaps[words] += states[number] in ("sent", "unknown")
        return [
            f"{user}'s phone shows {phone.count(words)} times, where {count} were sent: {words[:40]}"
            for words, count in sent.items()
            if words and not count <= phone.count(words) <= perhaps[words]
        ]


class Balancer:
    """One address before several servers: each connection goes to the next one that takes it."""

    def __init__(self) -> None:
        self.url = ""
        self.servers: list[LiveServer] = []
        self._next = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one side closes it."""
        with suppress(ConnectionError):
            if (found := await self._connect()) is not None:
                there, back = found
                both = [asyncio.ensure_future(_pump(reader, back)), asyncio.ensure_future(_pump(there, writer))]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for way in both:
                    way.cancel()
                await asyncio.gather(*both, return_exceptions=True)
                back.close()
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self.servers:
            self._next += 1
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.servers[self._next % len(self.servers)].port)
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()


@asynccontextmanager
async def balanced(phones: Wechat, *servers: LiveServer) -> AsyncIterator[Balancer]:
    """The emulator pushes to all of ``servers`` by turns."""
    balancer = Balancer()
    balancer.servers = list(servers)
    listening = await asyncio.start_server(balancer.carry, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/channels/care/webhook"
    await phones.emulator.control("PATCH", "/accounts/care", {"push_url": url})
    try:
        yield balancer
    finally:
        listening.close()

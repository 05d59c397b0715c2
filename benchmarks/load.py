"""Load over plain HTTP: as fast as answers come back (closed), or at a set rate whatever they do (open)."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp

from bot.channels.web.tokens import SessionTokens, new_visitor

# Questions the search has not seen word for word, in three languages, some of them nobody's business here.
_FILE = Path(__file__).parent.parent / "tests" / "data" / "demo_queries.jsonl"
QUESTIONS = [json.loads(line)["query"] for line in _FILE.read_text(encoding="utf-8").splitlines()]
TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(slots=True)
class Measured:
    """What a load run saw; latencies in milliseconds, sorted."""

    seconds: float
    latencies: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Answered messages per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that this share of messages did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


class Load:
    """Visitors who write to one server.

    Who gets no answer waits for a person, and a new visitor comes in that one's place: every message is to be searched
    and answered. A few of the questions ask for a person, so after a while nobody would be answered any more.
    """

    def __init__(self, url: str, key: str, visitors: int) -> None:
        self._url = f"{url}/channels/shop/messages"
        self._tokens = SessionTokens(key, timedelta(hours=1))
        self._headers = [self._visitor() for _ in range(visitors)]
        self._sent = 0

    def _visitor(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens.issue(new_visitor('shop', 'en'))[0]}"}

    async def closed(self, messages: int) -> Measured:
        """Every visitor writes the next message when the last is answered, until ``messages`` are through."""
        left = iter(range(messages))
        async with self._session() as session:
            measured, started = Measured(0.0), time.perf_counter()

            async def visitor(number: int) -> None:
                for _ in left:
                    measured.latencies.append(await self._send(session, number))

            await asyncio.gather(*(visitor(number) for number in range(len(self._headers))))
            measured.seconds = time.perf_counter() - started
        measured.latencies.sort()
        return measured

    async def open(self, rate: float, seconds: float) -> Measured:
        """``rate`` messages a second, each at its time."""
        async with self._session() as session, asyncio.TaskGroup() as tasks:
            started, sending = time.perf_counter(), []
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
                sending.append(tasks.create_task(self._send(session, number % len(self._headers))))
        latencies = sorted(task.result() for task in sending)
        return Measured(time.perf_counter() - started, latencies)

    @staticmethod
    def _session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=TIMEOUT, connector=aiohttp.TCPConnector(limit=0))

    async def _send(self, session: aiohttp.ClientSession, number: int) -> float:
        self._sent += 1
        frame = {"client_msg_id": uuid4().hex, "text": QUESTIONS[self._sent % len(QUESTIONS)]}
        started = time.perf_counter()
        async with session.post(self._url, json=frame, headers=self._headers[number]) as response:
            content = await response.read()
            response.raise_for_status()
        took_ms = (time.perf_counter() - started) * 1000
        if not json.loads(content)["messages"]:
            self._headers[number] = self._visitor()
        return took_ms

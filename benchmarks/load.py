"""Load over plain HTTP: as fast as answers come back (closed), or at a set rate whatever they do (open)."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
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
    """Visitors who write to one server."""

    def __init__(self, url: str, key: str, visitors: int, questions: Sequence[str] = QUESTIONS) -> None:
        self._url = f"{url}/channels/shop/messages"
        self._questions = questions
        tokens = SessionTokens(key, timedelta(hours=1))
        self._headers = [
            {"Authorization": f"Bearer {tokens.issue(new_visitor('shop', 'en'))[0]}"} for _ in range(visitors)
        ]
        self._sent = 0

    async def first_contacts(self) -> Measured:
        """Everybody's first message, one after the other: who is new is told how their data is used, on record."""
        async with self.session() as session:
            started = time.perf_counter()
            latencies = sorted([await self._send(session, number) for number in range(len(self._headers))])
        return Measured(time.perf_counter() - started, latencies)

    async def answers_to_all(self) -> list[list[dict[str, Any]]]:
        """The bodies that each question is answered with when a visitor of its own asks it."""
        async with self.session() as session:
            return [(await self._ask(session, number, each))[1] for number, each in enumerate(self._questions)]

    async def closed(self, messages: int) -> Measured:
        """Every visitor writes the next message when the last is answered, until ``messages`` are through."""
        async with self.session() as session:
            return await self.closed_within(session, messages)

    async def closed_within(self, session: aiohttp.ClientSession, messages: int) -> Measured:
        """The same on connections that stay open afterwards."""
        left = iter(range(messages))
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
        async with self.session() as session, asyncio.TaskGroup() as tasks:
            started, sending = time.perf_counter(), []
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
                sending.append(tasks.create_task(self._send(session, number % len(self._headers))))
        latencies = sorted(task.result() for task in sending)
        return Measured(time.perf_counter() - started, latencies)

    @staticmethod
    def session() -> aiohttp.ClientSession:
        """As many connections as visitors write at a time."""
        return aiohttp.ClientSession(timeout=TIMEOUT, connector=aiohttp.TCPConnector(limit=0))

    async def _send(self, session: aiohttp.ClientSession, number: int) -> float:
        self._sent += 1
        return (await self._ask(session, number, self._questions[self._sent % len(self._questions)]))[0]

    async def _ask(
        self, session: aiohttp.ClientSession, number: int, question: str
    ) -> tuple[float, list[dict[str, Any]]]:
        """How long the answer took in milliseconds, and its bodies."""
        frame = {"client_msg_id": uuid4().hex, "text": question}
        started = time.perf_counter()
        async with session.post(self._url, json=frame, headers=self._headers[number]) as response:
            content = await response.read()
            response.raise_for_status()
        took_ms = (time.perf_counter() - started) * 1000
        return took_ms, [message["body"] for message in json.loads(content)["messages"]]


def questions_answered(url: str, key: str) -> list[str]:
    """The questions that the server answers with an article or offers articles for.

    The others begin a form or lead to a person, and a visitor who is in a form or waits gets no answer from the
    knowledge base any more: they would be another measurement.
    """
    answers = asyncio.run(Load(url, key, len(QUESTIONS)).answers_to_all())
    return [question for question, bodies in zip(QUESTIONS, answers, strict=True) if any(map(_of_articles, bodies))]


def _of_articles(body: dict[str, Any]) -> bool:
    choices = [choice["id"] for choice in body.get("choices", ())]
    return "article" in body or any(choice.startswith("article") for choice in choices)

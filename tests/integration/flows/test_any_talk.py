"""Random turns at every flow that ships, on a real store and at two servers in turn: always an answer and a way out."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.domain.message import Body, Concerns, Inbound, Taken
from bot.flows.catalogue import OURS
from bot.flows.reading import read_definitions
from bot.rehearsal.conversations.stage import Stage, open_stage
from bot.settings import Settings
from bot.storage.database import Addresses
from crm_adapter.identify import Sender
from tests.anything import PERSON, TURNS, WITHDRAWAL, File, Happens, Shown, Tap, Text, Turn

EXAMPLES, LONGEST = 3, 14
FLOWS = sorted(flow.id for flow in read_definitions(OURS).flows.values() if flow.offered)
LOCALES = st.sampled_from(["zh-Hans", "zh-Hant", "en"])
PICTURE = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


@pytest_asyncio.fixture
async def stages(demo_addresses: Addresses, settings: Settings) -> AsyncIterator[tuple[Stage, Stage]]:
    """Two servers of one house: neither remembers what the other has decided."""
    own = settings.model_copy(update={"demo": True})
    async with AsyncExitStack() as opened:
        one, other = [await opened.enter_async_context(open_stage(own, demo_addresses)) for _ in range(2)]
        yield one, other


class Customer:
    """Somebody who does anything; every turn is at the other server."""

    def __init__(self, stages: tuple[Stage, Stage], locale: str) -> None:
        self._stages, self._locale = list(stages), locale
        self._identity = f"visitor:{uuid4().hex}"
        self._now = datetime.now(UTC)
        self._taken: Taken | None = None
        self._shown: list[str] = []
        self.owner = "bot"

    async def do(self, turn: Turn) -> None:
        """One turn, and what must hold after it."""
        self._now += timedelta(seconds=5)
        match turn:
            case Text(text):
                await self._say({"text": text})
            case Shown(place) if self._shown:
                await self._say({"text": "…", "choice": self._shown[place % len(self._shown)]})
            case Tap(choice):
                await self._say({"text": "…", "choice": choice})
            case File(text):
                await self._say({**({"text": text} if text else {}), "attachments": [await self._file()]})
            case Happens(event, after_s) if self._taken is not None:
                self._now += timedelta(seconds=after_s)
                await self._take({"matter_state": "open"}, event)

    async def _say(self, body: Body) -> None:
        before = self.owner
        answers = await self._take(body)
        assert answers or before != "bot", f"{body} at {self._identity} is not answered"

    async def _take(self, body: Body, event: str | None = None) -> list[str]:
        stage = self._stages[0]
        self._stages.reverse()
        stage.watched.forget()
        self._taken = await stage.turns.take(self._inbound(stage, body, event))
        noted = stage.watched.noted
        assert not noted.broken, "the turn broke"
        assert noted.failed == [], "an action failed"
        async with stage.pool.connection() as connection:
            query = "SELECT owner FROM bot.conversations WHERE id = %s"
            row = await (await connection.execute(query, (self._taken.conversation_id,))).fetchone()
        assert row is not None
        self.owner = row[0]
        shown = [answer.body["choices"] for answer in self._taken.answers if answer.body.get("choices")]
        if self._taken.answers:
            self._shown = [choice["id"] for choice in shown[-1]] if shown else []
        for answer in self._taken.answers:
            assert str(answer.body.get("text", "")).strip()
            json.dumps(answer.body, allow_nan=False)
        return [str(answer.body["text"]) for answer in self._taken.answers]

    def _inbound(self, stage: Stage, body: Body, event: str | None) -> Inbound:
        number = uuid4().hex
        concerns = Concerns(self._taken.identity_id) if event and self._taken else None
        return Inbound(
            "web", stage.account, number, self._identity, "anonymous", self._locale, body, self._now, number,
            event=event, concerns=concerns,
        )  # fmt: skip

    async def _file(self) -> dict[str, Any]:
        stage = self._stages[0]
        sender = Sender("web", stage.account, self._identity, "anonymous", self._locale)
        return (await stage.blobs.put(sender, "leak.gif", PICTURE)).as_json()

    async def can_leave(self, withdrawal: str, person: str) -> None:
        """A withdrawal is heard whoever speaks, and a person is had by asking twice."""
        actions = []
        if self.owner != "agent":
            assert await self._take({"text": withdrawal}), "a withdrawal is not answered"
            actions = [stage.watched.noted for stage in self._stages]
            assert any("withdraw_consent" in one.flows_after + tuple(one.flows_between) for one in actions)
        for _ in range(2):
            if self.owner == "bot":
                await self._take({"text": person})
        assert self.owner != "bot", "a person cannot be had"


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS)
@hypothesis_settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False, database=None
)
@given(
    turns=st.lists(TURNS, min_size=6, max_size=LONGEST),
    locale=LOCALES,
    withdrawal=st.sampled_from(WITHDRAWAL),
    person=st.sampled_from(PERSON),
)
async def test_anything_may_be_said_in_any_flow(
    stages: tuple[Stage, Stage], flow: str, turns: list[Turn], locale: str, withdrawal: str, person: str
) -> None:
    customer = Customer(stages, locale)
    await customer.do(Tap(f"start({flow})"))
    for turn in turns:
        await customer.do(turn)
    await customer.can_leave(withdrawal, person)

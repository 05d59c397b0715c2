"""Dialogs and turns for tests: what a message leads to is a few lines of the test itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from rasa_sdk.events import SlotSet
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.decision import ActionCall, ActionResult, Decision, Outcome, Situation, Turn
from bot.domain.message import Inbound
from bot.handlers.action import LocalAction
from bot.handlers.executing import Actions
from bot.rehearsal.keys import KEYS
from bot.storage.pool import Pool
from bot.turns.acting import Actor
from bot.turns.decide import Decider
from bot.turns.take import Turns
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore

DONE = Outcome("flow", "test")


def say(text: str, identity: str = "visitor:1", external_id: str | None = None, **more: Any) -> Inbound:
    """A message."""
    return Inbound(
        channel="web",
        account="shop",
        external_id=external_id or uuid4().hex,
        identity=identity,
        assurance="anonymous",
        locale="en",
        body={"text": text},
        received_at=datetime.now(UTC),
        trace_id=uuid4().hex,
        **more,
    )


def call(name: str, inbound: Inbound, **slots: Any) -> ActionCall:
    """An action, wanted by a test."""
    return ActionCall(name, slots, inbound.body, "en", "test", "step")


def calling(*names: str, **slots: Any) -> Callable[[Inbound, Situation], Turn]:
    """A dialog that runs these actions one after the other and says what came of each."""

    def turn(inbound: Inbound, situation: Situation) -> Turn:
        said = []
        for name in names:
            result = yield call(name, inbound, **slots)
            assert isinstance(result, ActionResult)
            said.append({"text": result.failed or str(dict(result.slots))})
        return Decision(tuple(said), DONE, {"said": len(said)})

    return turn


def sorry(inbound: Inbound, situation: Situation) -> Decision:
    """The apology."""
    return Decision(({"text": "sorry"},), Outcome("failed"), {}, owner="queue")


def turns_of(
    pool: Pool,
    engine: AsyncEngine,
    step: Any,
    *actions: LocalAction,
    action_s: float = 2.0,
    budget_s: float = 1.0,
    **more: Any,
) -> Turns:
    """Turns with this dialog and these actions."""
    store = SqlStore(engine, KEYS, Policy())
    actor = Actor(Actions(actions), store, KEYS, action_s, **more)
    return Turns(pool, Decider(step, sorry, budget_s, crashes_allowed=2), KEYS, actor)


async def rows(pool: Pool, query: str) -> list[tuple[object, ...]]:
    """What a query gives."""
    async with pool.connection() as connection:
        return await (await connection.execute(query.encode())).fetchall()


def texts(taken: Any) -> list[str]:
    """What was answered."""
    return [answer.body["text"] for answer in taken.answers]


def slot(name: str, value: Any) -> Any:
    """A slot event, as an action returns it."""
    return SlotSet(name, value)

"""Customers who wait for a person, and the people who answer them, for tests of the desk."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.desk.steps import Step
from bot.storage.tables import conversations
from tests.integration.console_client import Talk, store_talk


async def store_waiting(engine: AsyncEngine, *contents: str, urgent: bool = False, minutes: float = 0) -> Talk:
    """A customer who has said these and has waited that long for a person."""
    talk = await store_talk(engine, *(contents or ("有人吗？", "正在为您转接。")))
    async with engine.begin() as connection:
        await connection.execute(
            update(conversations)
            .where(conversations.c.id == talk.conversation)
            .values(
                owner="queue",
                urgent=urgent,
                fence=1,
                queued_at=func.now() - text("make_interval(secs => :s)").bindparams(s=60 * minutes),
            )
        )
    return talk


def step(talk: Talk, agent: UUID, step_id: UUID | None = None) -> Step:
    """One deed of this person, a new one unless its id is given."""
    return Step(step_id or uuid4(), talk.conversation, agent, "ab" * 16)


async def state_of(engine: AsyncEngine, conversation_id: UUID) -> Any:
    """The conversation's row."""
    async with engine.connect() as connection:
        query = select(conversations).where(conversations.c.id == conversation_id)
        return (await connection.execute(query)).one()


async def rows(engine: AsyncEngine, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """What the database has."""
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]

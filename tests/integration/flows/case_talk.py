"""Customers who talk to the flows about cases, through whole turns on a real PostgreSQL."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.customers import open_crm
from bot.domain.message import Body, Concerns, Inbound, Taken
from bot.flows.facts import ArticleText, Candidate, Findings
from bot.realtime.in_memory import InMemory
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.staff.accounts import add_staff
from bot.storage.pool import Pool
from bot.talk import Talk
from crm_adapter.records.service import Case
from crm_adapter.records.value import NewOrder, OrderLine
from crm_adapter.tables import identities

FAQ = ArticleText("return-policy", "运费谁出？", "质量问题由我们承担运费。")


class Shelf:
    """Knows one article."""

    def search(self, text: str, locale: str) -> Findings:
        """See :class:`bot.flows.facts.Facts`."""
        if "运费" in text:
            return Findings("answer", (Candidate(FAQ.article_id, FAQ.question, 0.99),))
        return Findings("nothing", ())

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        """See :class:`bot.flows.facts.Facts`."""
        return FAQ if article_id == FAQ.article_id else None


class Customer:
    """One customer's conversation."""

    def __init__(self, house: "House", identity: str, locale: str) -> None:
        self._house, self.identity, self.locale = house, identity, locale
        self.choices: list[dict[str, str]] = []
        self.last: Taken | None = None
        self.now: datetime | None = None

    async def say(self, text: str, **more: Any) -> str:
        """What is answered to words."""
        return await self.send({"text": text}, **more)

    async def tap(self, choice: str) -> str:
        """What is answered to a tap."""
        return await self.send({"text": "…", "choice": choice})

    async def send(self, body: Body, external_id: str | None = None) -> str:
        """What is answered to a message."""
        taken = await self._house.turns.take(self.inbound(body, external_id))
        return self._heard(taken)

    async def happens(self, event: str, **values: Any) -> str:
        """What is said when something happens."""
        assert self.last is not None
        inbound = self.inbound(dict(values), None, event, Concerns(self.last.identity_id))
        return self._heard(await self._house.turns.take(inbound))

    def inbound(
        self, body: Body, external_id: str | None = None, event: str | None = None, concerns: Concerns | None = None
    ) -> Inbound:
        """A message of this customer's."""
        return Inbound(
            channel="web",
            account="shop",
            external_id=external_id or uuid4().hex,
            identity=self.identity,
            assurance="anonymous",
            locale=self.locale,
            body=body,
            received_at=self.now or datetime.now(UTC),
            trace_id=uuid4().hex,
            event=event,
            concerns=concerns,
        )

    def _heard(self, taken: Taken) -> str:
        self.last = taken
        for answer in taken.answers:
            self.choices = answer.body.get("choices", [])
        return "\n".join(str(answer.body["text"]) for answer in taken.answers)

    async def contact(self) -> UUID:
        """Whose conversation it is."""
        assert self.last is not None
        query = select(identities.c.contact_id).where(identities.c.id == self.last.identity_id)
        async with self._house.engine.connect() as connection:
            found: UUID = (await connection.execute(query)).scalar_one()
        return found

    async def cases(self) -> list[Case]:
        """The customer's cases with their events, newest first."""
        store = self._house.store
        return [await store.case(one.id) for one in await store.cases(await self.contact())]

    async def bought(self, reference: str, amount: int, name: str, status: str = "delivered") -> None:
        """An order of the customer's."""
        order = NewOrder(
            contact_id=await self.contact(),
            source="shop",
            reference=reference,
            placed_at=datetime.now(UTC),
            amount=amount,
            status=status,  # type: ignore[arg-type]
            lines=[OrderLine("1", name, 1, amount)],
        )
        await self._house.store.put_order(order)


class House:
    """The whole composition of a talk, without a knowledge base but for one article."""

    def __init__(self, pool: Pool, engine: AsyncEngine, settings: Settings) -> None:
        self.pool, self.engine, self.settings = pool, engine, settings
        self.store = open_crm(settings, engine, KEYS)
        self.talk = Talk(settings, pool, engine, KEYS, InMemory(), Shelf())
        self.turns = self.talk.turns

    @classmethod
    async def open(cls, pool: Pool, engine: AsyncEngine, settings: Settings) -> "House":
        """With the flows that ship."""
        house = cls(pool, engine, settings)
        await house.talk.open()
        return house

    def customer(self, identity: str = "visitor:1", locale: str = "zh-Hans") -> Customer:
        """Somebody who writes."""
        return Customer(self, identity, locale)

    async def employ(self, name: str, role: str = "service_manager", display: str = "王芳") -> UUID:
        """A member of staff."""
        async with self.engine.begin() as connection:
            return (await add_staff(connection, name, display, [role])).id

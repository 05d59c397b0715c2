"""The same long story told to both stores: every answer and all that can be read afterwards are the same."""

import random
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from crm_adapter.in_memory import InMemoryStore
from crm_adapter.port import BadField, CrmFault, Refused, VersionConflict
from crm_adapter.records.customers import ExternalKey, NewInteraction, Provenance
from crm_adapter.records.service import NewCase
from crm_adapter.records.value import NewOrder
from crm_adapter.sql_store import SqlStore
from tests.contract.crm.conftest import POLICY, STAFF
from tests.contract.crm.test_consents import event

START = datetime(2026, 1, 1, tzinfo=UTC)
PHONES = ("13800138000", "13900139000", "13700137000")
STEPS = 60


class Teller:
    """Tells one store a story that only the dice decide; both stores are told the same, ids apart."""

    def __init__(self, crm, seed: int) -> None:
        self.crm = crm
        self.dice = random.Random(seed)
        self.people: list[UUID] = []
        self.merges: list[UUID] = []
        self.names: dict[UUID, str] = {}
        self.step = 0

    async def tell(self) -> object:
        """One step and its answer, every id by its number in the story."""
        self.step += 1
        deeds = [self.arrive] * 3 + [self.change, self.link, self.link, self.merge, self.merge, self.unmerge]
        deeds += [self.consent] * 3 + [self.log, self.buy, self.tag, self.decide, self.complain, self.think, self.erase]
        deed = self.dice.choice(deeds if len(self.people) > 2 else [self.arrive])
        try:
            return deed.__name__, self.plain(await deed())
        except VersionConflict as conflict:
            return deed.__name__, "conflict", conflict.actual
        except BadField as bad:
            return deed.__name__, bad.field, bad.code
        except Refused as refused:
            return deed.__name__, refused.code
        except CrmFault as fault:
            return deed.__name__, type(fault).__name__

    async def read(self) -> object:
        """All that can be read of everybody there has been."""
        found = []
        for one in self.people:
            try:
                contact = await self.crm.contact(one)
            except CrmFault as fault:
                found.append(type(fault).__name__)
                continue
            found.append(
                (
                    [self.plain(part) for part in (contact.id, contact.version, contact.merged)],
                    {field: (fact.value, fact.assurance) for field, fact in contact.facts.items()},
                    [(one.external_id, one.assurance) for one in contact.identities],
                    [(fact.field, fact.value) for fact in await self.crm.history(one)],
                    [one.content for one in await self.crm.interactions(one)],
                    [(one.purpose, one.channel, one.state) for one in await self.crm.consents(one)],
                    [await self.crm.may_use(one, "care_messages", channel) for channel in ("web", "wechat")],
                    [(one.reference, self.plain(one.contact_id)) for one in await self.crm.orders(one)],
                    [tag.name for tag in await self.crm.tags(one) if tag.rule is None],
                    [(case.matter, case.state, case.version) for case in await self.crm.cases(one)],
                    [past.undone_at is None for past in await self.crm.merges(one)],
                    await self.crm.last_asked(one),
                )
            )
        asked = [(self.plain(one.one_id), self.plain(one.other_id)) for one in await self.crm.merge_suggestions()]
        changes = (await self.crm.changes_since(None)).changes
        feed = sorted((one.kind, str(self.plain(one.contact_id))) for one in changes if one.kind != "standing")
        return (
            found,
            sorted(asked),
            feed,
            await self.crm.tally("nps", START),
            await self.crm.article_tallies(START),
            [self.plain(reply) for reply in await self.crm.replies("questionnaire", "needs")],
            self.plain(await self.crm.segment_members({"field": "orders", "at_least": 1})),
        )

    def plain(self, value: object) -> object:
        """Ids by their number in the story, times left out."""
        if isinstance(value, UUID):
            return self.names.setdefault(value, f"#{len(self.names)}")
        if isinstance(value, list | tuple):
            return [self.plain(one) for one in value]
        if is_dataclass(value):
            shown = (field.name for field in fields(value) if field.name not in ("number", "receipt", "notice_hash"))
            return [type(value).__name__, *(self.plain(getattr(value, name)) for name in shown)]
        return None if isinstance(value, datetime) else value

    def somebody(self) -> UUID:
        return self.dice.choice(self.people)

    def said(self) -> Provenance:
        assurance = self.dice.choice(("anonymous", "claimed", "verified"))
        return Provenance("web", "customer", START + timedelta(minutes=self.step), assurance)

    async def arrive(self):
        values = {"name": f"Name{'abcdefgh'[self.step % 8]}", "phone": self.dice.choice((*PHONES, None, None))}
        key = ExternalKey("shop", f"{self.dice.randrange(8)}")
        made = await self.crm.upsert_contact(key, values, self.said())
        if hasattr(made, "contact_id") and made.contact_id not in self.people:
            self.people.append(made.contact_id)
        return made

    async def change(self):
        values = {self.dice.choice(("name", "email", "phone")): self.dice.choice(("", "x@example.com", PHONES[0]))}
        expected = self.dice.choice((None, None, 1, 2))
        return await self.crm.set_fields(self.somebody(), values, self.said(), expected_version=expected)

    async def link(self):
        channel, name = self.dice.choice((("phone", PHONES[1]), ("wechat", "a"), ("wechat", "b"), ("wechat", "c")))
        provenance = self.said()
        return await self.crm.link_identity(self.somebody(), channel, "shop", name, provenance.assurance, provenance)

    async def merge(self):
        self.merges.append(await self.crm.merge(self.somebody(), self.somebody(), STAFF, "story"))

    async def unmerge(self):
        if self.merges:
            await self.crm.unmerge(self.dice.choice(self.merges), STAFF)

    async def consent(self):
        what = self.dice.choice(("granted", "granted", "refused", "withdrawn", "notice_shown"))
        channel = self.dice.choice(("web", "wechat", "*"))
        at = START + timedelta(minutes=self.step)
        return await self.crm.record_consent(event(self.somebody(), what, channel=channel, occurred_at=at))

    async def log(self):
        at = START + timedelta(minutes=self.step)
        new = NewInteraction(self.somebody(), "phone", "desk", "in", at, f"call {self.step}")
        return await self.crm.append_interaction(f"k{self.dice.randrange(20)}", new)

    async def buy(self):
        at = START + timedelta(minutes=self.step)
        return await self.crm.put_order(NewOrder(self.somebody(), "shop", f"{self.dice.randrange(4)}", at, 100))

    async def tag(self):
        deed = self.dice.choice((self.crm.tag, self.crm.tag, self.crm.untag))
        await deed(self.somebody(), self.dice.choice(("vip", "audio")), STAFF, "story")

    async def decide(self):
        asked = await self.crm.merge_suggestions()
        if asked:
            await self.crm.decide_suggestion(asked[0].id, self.dice.choice(("merged", "different")), STAFF)

    async def complain(self):
        at = START + timedelta(minutes=self.step)
        new = NewCase(self.somebody(), "complaint", "product", f"matter {self.step}", at, STAFF)
        case = await self.crm.open_case(f"k{self.dice.randrange(20)}", new)
        to = self.dice.choice(("investigating", "planned", "closed"))
        return await self.crm.transition_case(case.id, to, STAFF, "story", root_cause="product")

    async def think(self):
        one, talk, at = self.somebody(), UUID(int=self.dice.randrange(3)), START + timedelta(minutes=self.step)
        await self.crm.rate_answer(one, talk, self.dice.choice("ab"), helpful=self.dice.random() < 0.5, at=at)
        await self.crm.keep_answers(one, talk, "needs", self.dice.choice("12"), {"step": str(self.step)}, at)
        asked = await self.crm.ask_opinion(one, "nps", talk, at)
        await self.crm.give_opinion(self.somebody(), asked, self.dice.randrange(12), "story", at)

    async def erase(self):
        if self.dice.random() < 0.3:
            await self.crm.erase(self.somebody(), STAFF, "delete", START)


@pytest.mark.parametrize("seed", range(4))
async def test_both_stores_tell_the_same(engine, keys, seed):
    tellers = [
        Teller(SqlStore(engine, keys, POLICY), seed),
        Teller(InMemoryStore(POLICY, lambda: datetime.now(UTC)), seed),
    ]
    for step in range(STEPS):
        answers = [await teller.tell() for teller in tellers]
        assert answers[0] == answers[1], step
        if step % 5 == 4:
            sql, memory = [await teller.read() for teller in tellers]
            assert sql == memory, step

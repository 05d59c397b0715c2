"""``yingda questionnaire`` and ``yingda survey``: counts that name nobody, words on demand and in the access log."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.storage.database import make_engine
from crm_adapter.records.customers import ExternalKey, Provenance
from tests.integration.test_contact_commands import on_store, run  # noqa: F401 - fixtures

NOW = datetime.now(UTC)
SAID = Provenance("web", "customer", NOW)


async def customers(crm, number):
    """Their ids; each could be anybody."""
    made = [await crm.upsert_contact(ExternalKey("shop", str(one)), {}, SAID) for one in range(number)]
    return [one.contact_id for one in made]


@pytest.fixture
def reads(addresses, settings):
    """How many reads of opinions stand in the access log."""

    def count():
        async def counted():
            engine = make_engine(addresses.application_url, settings)
            try:
                async with engine.connect() as connection:
                    query = text("SELECT count(*) FROM crm.access_log WHERE data_kind = 'opinions'")
                    return (await connection.execute(query)).scalar_one()
            finally:
                await engine.dispose()

        return asyncio.run(counted())

    return count


def test_a_questionnaire_is_counted_and_what_was_written_is_shown_on_demand(run, on_store, reads):  # noqa: F811
    async def answer(crm):
        one, other = await customers(crm, 2)
        first = {"plans": ["fridge", "washer"], "matters": "price", "delivery": 4, "wish": "会唱歌的冰箱"}
        await crm.keep_answers(one, one, "needs", "2026-11", first, NOW)
        await crm.keep_answers(other, other, "needs", "2026-10", {"plans": ["fridge", "tv"]}, NOW)

    on_store(answer)
    code, out, err = run("questionnaire", "results", "needs")
    assert code == 0, err
    for line in (
        "2 answered it",
        "2026-11 (1)",
        "冰箱: 2",
        "洗衣机: 1",
        "空调: 0",
        "tv: 1",
        "价格: 1",
        "4: 1",
        "skipped: 1",
    ):
        assert line in out
    assert "唱歌" not in out
    assert reads() == 0
    assert "会唱歌的冰箱" in run("questionnaire", "results", "needs", "--texts")[1]
    assert reads() == 1
    assert "1 answered it" in run("questionnaire", "results", "needs", "--version", "2026-10")[1]
    assert run("questionnaire", "results", "nothing")[0] == 1
    assert "needs\t2026-11\t5 questions" in run("questionnaire", "list")[1]


def test_satisfaction_and_nps_are_counted(run, on_store, reads):  # noqa: F811
    async def rate(crm):
        people = await customers(crm, 4)
        for kind, scores in (("satisfaction", (5, 4, 2)), ("nps", (10, 9, 3))):
            for contact, score in zip(people, scores, strict=False):
                asked = await crm.ask_opinion(contact, kind, contact, NOW)
                await crm.give_opinion(contact, asked, score, "太慢" if score < 4 else None, NOW)
        await crm.ask_opinion(people[3], "satisfaction", people[3], NOW)
        old = await crm.ask_opinion(people[3], "nps", people[3], NOW - timedelta(days=100))
        await crm.give_opinion(people[3], old, 0, None, NOW - timedelta(days=100))

    on_store(rate)
    code, out, err = run("survey", "results")
    assert code == 0, err
    assert "satisfaction: asked 4, answered 3, satisfied 67 %" in out
    assert "nps: asked 3, answered 3, NPS +33" in out
    assert "太慢" not in out
    assert reads() == 0
    assert "[2] 太慢" in run("survey", "results", "--reasons")[1]
    assert reads() == 1
    assert "nps: asked 4, answered 4, NPS +0" in run("survey", "results", "--days", "365")[1]


def test_answers_that_did_not_help_come_first(run, on_store):  # noqa: F811
    async def rate(crm):
        one, other = await customers(crm, 2)
        for contact, article, helpful in (
            (one, "a", True),
            (one, "b", False),
            (other, "b", False),
            (other, "a", False),
        ):
            await crm.rate_answer(contact, contact, article, helpful=helpful, at=NOW)

    assert run("survey", "answers")[1] == "Nobody has rated an answer.\n"
    on_store(rate)
    assert run("survey", "answers")[1] == "b\thelpful 0\tnot 2\na\thelpful 1\tnot 1\n"

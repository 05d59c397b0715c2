"""Surveys and ratings of answers through whole turns (SV3, SV4, KP1, KP2)."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from tests.integration.consent_store import choice
from tests.integration.flows.case_talk import House

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def house(pool, engine, settings):
    return await House.open(pool, engine, settings)


async def set_back(engine, days):
    """Everybody is a customer since then, and was asked then."""
    for change in (
        "UPDATE crm.contacts SET created_at = created_at - make_interval(days => :days)",
        "UPDATE crm.opinions SET asked_at = asked_at - make_interval(days => :days)",
    ):
        async with engine.begin() as connection:
            await connection.execute(text(change), {"days": days})


async def test_a_resolved_conversation_asks_and_the_answer_is_recorded_and_counted(house, engine):
    customer = house.customer()
    await customer.say("你好")
    assert "满意" in await customer.happens("resolved")
    await customer.say("2分")
    assert "投诉" in str((await customer.say("等了三天没人理"), customer.choices))
    tally = await house.store.tally("satisfaction", LONG_AGO)
    assert (tally.asked, dict(tally.scores)) == (1, {2: 1})
    (reply,) = await house.store.replies("satisfaction")
    assert (reply.score, reply.words) == (2, "等了三天没人理")
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT o::text FROM crm.opinions o"))).scalar_one()
    assert "等了三天".encode().hex() not in row


async def test_at_most_one_a_week_also_when_it_was_not_answered(house, engine):
    customer = house.customer()
    await customer.say("你好")
    assert "满意" in await customer.happens("resolved")
    await customer.say("保修")
    assert "1 到 5 分" not in await customer.happens("resolved")
    await set_back(engine, 6)
    assert await customer.happens("resolved") == ""
    await set_back(engine, 1)
    assert "满意" in await customer.happens("resolved")


async def test_nobody_is_asked_who_withdrew_or_restricted(house):
    customer, other = house.customer(), house.customer("visitor:2")
    await customer.say("你好")
    await house.store.record_consent(choice(await customer.contact()))
    await house.store.record_consent(choice(await customer.contact(), "withdrawn"))
    assert await customer.happens("resolved") == ""
    await other.say("你好")
    async with house.engine.begin() as connection:
        await connection.execute(
            text("UPDATE crm.contacts SET restricted_at = now() WHERE id = :id"), {"id": await other.contact()}
        )
    assert await other.happens("resolved") == ""
    assert (await house.store.tally("satisfaction", LONG_AGO)).asked == 0


async def test_now_and_then_whether_one_would_recommend_us(house, engine):
    customer = house.customer(locale="en")
    await customer.say("hello")
    await set_back(engine, 31)
    assert "0 to 10" in await customer.happens("resolved")
    await customer.say("9")
    assert "Thank you" in await customer.tap("skip")
    tally = await house.store.tally("nps", LONG_AGO)
    assert dict(tally.scores) == {9: 1}
    await set_back(engine, 8)
    assert "From 1 to 5" in await customer.happens("resolved"), "that is due again after half a year only"
    await customer.say("5")
    await customer.tap("skip")
    await set_back(engine, 181)
    assert "0 to 10" in await customer.happens("resolved")


async def test_one_s_own_wish_to_rate_is_never_refused(house):
    customer = house.customer()
    for score in ("5", "4"):
        await customer.tap("start(survey_satisfaction)")
        await customer.say(score)
        await customer.tap("skip")
    assert dict((await house.store.tally("satisfaction", LONG_AGO)).scores) == {4: 1, 5: 1}


@pytest.mark.parametrize(("helpful", "tally"), [("true", (1, 0)), ("false", (0, 1))])
async def test_an_answer_is_rated_once_per_conversation(house, helpful, tally):
    customer = house.customer()
    await customer.say("你好")
    await customer.say("运费谁出")
    rating = f"start(answer_question, answer_article=return-policy, answer_helpful={helpful})"
    assert rating in [choice["id"] for choice in customer.choices]
    await customer.tap(rating)
    await customer.tap(rating)
    (article,) = await house.store.article_tallies(LONG_AGO)
    assert (article.article_id, (article.helpful, article.unhelpful)) == ("return-policy", tally)


async def test_two_different_answers_that_did_not_help_lead_to_a_person_and_one_twice_does_not(house):
    customer = house.customer()
    await customer.say("运费谁出")
    missed = "start(answer_question, answer_article={}, answer_helpful=false)"
    await customer.tap(missed.format("return-policy"))
    assert "换个说法" in await customer.tap(missed.format("return-policy"))
    assert "请人工客服" in await customer.tap(missed.format("another"))
    assert [one.article_id for one in await house.store.article_tallies(LONG_AGO)] == ["return-policy"], (
        "what is no article is not counted"
    )


async def test_an_answer_and_its_rating_cost_a_question_nothing(house):
    """No action is run before the tap: a question stays at two round trips."""
    customer = house.customer()
    await customer.say("运费谁出")
    asked: list[str] = []
    run = house.talk.actions.run

    async def noting(call, turn):
        asked.append(call.name)
        return await run(call, turn)

    house.talk.actions.run = noting
    await customer.say("运费谁出")
    assert asked == []
    assert "有帮助" in str(customer.choices)


async def test_ratings_of_long_ago_are_left_out(house):
    customer = house.customer()
    await customer.say("运费谁出")
    await customer.tap("start(answer_question, answer_article=return-policy, answer_helpful=true)")
    assert await house.store.article_tallies(datetime.now(UTC) + timedelta(days=1)) == []

"""Opinions: asked, given, counted, read over the family, and gone with their customer (CP11, SV4, KP1, KP2)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import BadField, UnknownRecord
from crm_adapter.records.opinions import ArticleTally, Reply, Tally
from tests.contract.crm.conftest import STAFF, now

DAY = timedelta(days=1)


async def test_a_survey_is_asked_once_and_answered_perhaps(crm, newcomer):
    one, other, talk, start = await newcomer(), await newcomer(), uuid4(), now()
    assert await crm.tally("nps", start) == Tally(0, {})
    asked = [await crm.ask_opinion(one, "nps", talk, start + number * DAY) for number in range(3)]
    await crm.give_opinion(one, asked[0], 9, None, start + DAY)
    await crm.give_opinion(one, asked[2], 3, "too slow", start + 2 * DAY)
    assert await crm.tally("nps", start) == Tally(3, {3: 1, 9: 1})
    assert await crm.tally("nps", start + DAY) == Tally(2, {3: 1})
    assert await crm.tally("satisfaction", start) == Tally(0, {})
    first = Reply(one, start + DAY, None, 9, None, {})
    last = Reply(one, start + 2 * DAY, None, 3, "too slow", {})
    assert await crm.replies("nps") == [first, last]
    assert await crm.replies("nps", since=start + 2 * DAY) == [last]
    await crm.give_opinion(one, asked[2], 10, "", start + 3 * DAY)
    assert (await crm.replies("nps"))[1] == Reply(one, start + 3 * DAY, None, 10, None, {})
    with pytest.raises(UnknownRecord):  # it was somebody else who was asked
        await crm.give_opinion(other, asked[0], 9, None, start)


async def test_what_was_last_asked_of_a_family(crm, newcomer):
    one, other, talk, start = await newcomer(), await newcomer(), uuid4(), now()
    assert await crm.last_asked(one) == {}
    await crm.ask_opinion(one, "nps", talk, start + DAY)
    await crm.ask_opinion(one, "nps", talk, start)
    await crm.ask_opinion(other, "satisfaction", talk, start)
    await crm.rate_answer(one, talk, "returns", helpful=True, at=start)
    assert await crm.last_asked(one) == {"nps": start + DAY}
    merge = await crm.merge(other, one, STAFF, "the same person")
    for contact_id in (one, other):
        assert await crm.last_asked(contact_id) == {"nps": start + DAY, "satisfaction": start}
    await crm.unmerge(merge, STAFF)
    assert await crm.last_asked(other) == {"satisfaction": start}


async def test_who_thinks_again_within_a_conversation_is_counted_once(crm, newcomer):
    one, other, start = await newcomer(), await newcomer(), now()
    talk, later = uuid4(), uuid4()
    await crm.rate_answer(one, talk, "returns", helpful=True, at=start)
    await crm.rate_answer(one, talk, "returns", helpful=False, at=start + DAY)
    assert await crm.article_tallies(start) == [ArticleTally("returns", 0, 1)]
    for contact_id, conversation, article, helpful in (
        (one, later, "returns", True),
        (other, talk, "returns", False),
        (other, talk, "delivery", False),
        (other, talk, "address", True),
    ):
        await crm.rate_answer(contact_id, conversation, article, helpful=helpful, at=start)
    tallies = [ArticleTally("returns", 1, 2), ArticleTally("delivery", 0, 1), ArticleTally("address", 1, 0)]
    assert await crm.article_tallies(start) == tallies
    assert await crm.article_tallies(start + DAY) == [ArticleTally("returns", 0, 1)]
    assert [one.score for one in await crm.replies("answer", "returns")] == [1, 0, 0]
    assert await crm.tally("nps", start) == Tally(0, {})


async def test_a_family_answers_a_version_of_a_questionnaire_once(crm, newcomer):
    one, other, start = await newcomer(), await newcomer(), now()
    await crm.keep_answers(one, uuid4(), "needs", "2026-01", {"plans": ["fridge"]}, start)
    await crm.keep_answers(other, uuid4(), "needs", "2026-01", {"plans": ["tv"], "people": 3}, start + DAY)
    await crm.keep_answers(other, uuid4(), "needs", "2026-02", {}, start)
    await crm.keep_answers(other, uuid4(), "moving", "2026-01", {"when": "soon"}, start)
    assert {(reply.contact_id, reply.version) for reply in await crm.replies("questionnaire", "needs")} == {
        (one, "2026-01"),
        (other, "2026-01"),
        (other, "2026-02"),
    }
    await crm.merge(other, one, STAFF, "the same person")
    await crm.keep_answers(one, uuid4(), "needs", "2026-01", {"plans": []}, start + 2 * DAY)
    assert await crm.replies("questionnaire", "needs") == [
        Reply(other, start, "2026-02", None, None, {}),
        Reply(one, start + 2 * DAY, "2026-01", None, None, {"plans": []}),
    ]
    (moving,) = await crm.replies("questionnaire", "moving")
    assert moving.answers == {"when": "soon"}
    assert await crm.replies("questionnaire") == []


async def test_what_cannot_be_noted(crm, newcomer):
    one, nobody, start = await newcomer(), uuid7(), now()
    asked = await crm.ask_opinion(one, "satisfaction", uuid4(), start)
    for score in (-1, 11):
        with pytest.raises(BadField) as refused:
            await crm.give_opinion(one, asked, score, None, start)
        assert refused.value.field == "score"
    for call in (
        crm.rate_answer(nobody, uuid4(), "returns", helpful=True, at=start),
        crm.ask_opinion(nobody, "nps", uuid4(), start),
        crm.give_opinion(nobody, asked, 3, None, start),
        crm.give_opinion(one, uuid7(), 3, None, start),
        crm.last_asked(nobody),
        crm.keep_answers(nobody, uuid4(), "needs", "1", {}, start),
    ):
        with pytest.raises(UnknownRecord):
            await call
    assert await crm.tally("satisfaction", start) == Tally(1, {})


async def test_opinions_are_exported_and_go_with_their_customer(crm, newcomer):
    one, other, start = await newcomer(), await newcomer(), now()
    for contact_id in (one, other):
        asked = await crm.ask_opinion(contact_id, "satisfaction", uuid4(), start)
        await crm.give_opinion(contact_id, asked, 2, "nobody rang", start)
        await crm.keep_answers(contact_id, uuid4(), "needs", "1", {"plans": ["fridge"]}, start)
    opinions = (await crm.export(one)).content["opinions"]
    assert [(found["kind"], found["topic"], found["score"]) for found in opinions] == [
        ("satisfaction", "", 2),
        ("questionnaire", "needs", None),
    ]
    assert [found["words"] for found in opinions] == ["nobody rang", {"plans": ["fridge"]}]
    certificate = await crm.erase(one, STAFF, "asked", now())
    assert certificate.content["erased"]["opinions"] == 2
    assert await crm.tally("satisfaction", start) == Tally(1, {2: 1})
    assert [reply.contact_id for reply in await crm.replies("questionnaire", "needs")] == [other]

"""The dialog layer by plain function calls: which decision a message leads to."""

import re
from datetime import UTC, datetime

import pytest

from bot.domain.decision import Decision, Situation
from bot.domain.message import Body, Inbound, Owner
from bot.flows.facts import ArticleText, Candidate, Findings
from bot.flows.responses import LANGUAGES, ResponseFault, say
from bot.flows.step import Dialog
from bot.flows.understanding.requests import request_in
from crm_adapter.consent.purposes import shipped_purposes

ANSWERS = {"return-how": "Send it back.", "return-fee": "It is free.", "delivery-time": "Two days."}


class Shelf:
    """Three articles; the question's length decides how sure the search is."""

    def search(self, text: str, locale: str) -> Findings:
        candidates = tuple(Candidate(article, f"{article}?", 0.5) for article in ANSWERS)
        if "sure" in text:
            return Findings("answer", candidates)
        return Findings("choices", candidates) if "maybe" in text else Findings("nothing", ())

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        answer = ANSWERS.get(article_id)
        return ArticleText(article_id, f"{article_id}?", answer, (("return-fee", "Fee?"),)) if answer else None


def decide(
    body: Body | str, owner: Owner = "bot", locale: str = "en", policy_url: str | None = None, **state: object
) -> Decision:
    inbound = Inbound(
        channel="web",
        account="shop",
        external_id="1",
        identity="visitor:1",
        assurance="anonymous",
        locale=locale,
        body={"text": body} if isinstance(body, str) else body,
        received_at=datetime.now(UTC),
        trace_id="0" * 32,
    )
    return Dialog(Shelf(), 24, policy_url).step(inbound, Situation(owner, locale, dict(state)))


def choice_ids(decision: Decision) -> list[str]:
    return [choice["id"] for choice in decision.replies[0].get("choices", [])]


def test_a_sure_hit_is_answered_with_its_source_and_related_questions() -> None:
    decision = decide("sure thing")
    assert decision.replies[0]["text"] == "Send it back."
    assert decision.replies[0]["article"] == {"id": "return-how", "question": "return-how?"}
    assert choice_ids(decision) == ["article:return-fee"]
    assert (decision.outcome.kind, decision.outcome.ref) == ("article", "return-how")


def test_an_unclear_question_gets_three_choices_and_a_person() -> None:
    decision = decide("maybe this")
    assert choice_ids(decision) == ["article:return-how", "article:return-fee", "article:delivery-time", "person"]
    assert decision.outcome.kind == "choices"


def test_nothing_found_offers_a_person_and_a_better_wording() -> None:
    decision = decide("weather tomorrow")
    assert choice_ids(decision) == ["person"]
    assert "wording" in decision.replies[0]["text"]
    assert decision.owner is None


@pytest.mark.parametrize(
    "text", ["转人工", "我要找客服！", "轉人工", "human please", "a person please", "I want a real person"]
)
def test_a_wish_for_a_person_hands_over_with_the_promise_of_sl1(text: str) -> None:
    decision = decide(text)
    assert decision.owner == "queue"
    assert decision.outcome.kind == "hand_over"
    assert "24" in decision.replies[0]["text"]
    assert choice_ids(decision) == ["bot"]


@pytest.mark.parametrize("text", ["我的隐私", "我的隱私。", "“my privacy”", "删除我的个人信息", "delete my data"])
def test_the_words_that_the_notices_promise_lead_to_a_person(text: str) -> None:
    decision = decide(text)
    assert (decision.owner, decision.outcome.kind) == ("queue", "hand_over")
    assert decision.replies[0]["text"] == say("privacy", decision.locale or "en", hours="24")
    assert "links" not in decision.replies[0], "no page, no link"


def test_who_asks_about_privacy_is_shown_the_policy_in_their_language() -> None:
    """PR13."""
    (reply,) = decide("我的隱私", locale="zh-Hant", policy_url="https://care.example.com/privacy").replies
    assert reply["links"] == [{"label": "隱私權政策", "url": "https://care.example.com/privacy?lang=zh-Hant"}]


def test_every_notice_promises_words_that_are_understood() -> None:
    rights = shipped_purposes().rights
    for locale in LANGUAGES:
        (promised,) = re.findall(r"[“「](.*?)[”」]", rights.of(locale))
        assert request_in(promised) == "privacy"


@pytest.mark.parametrize("text", ["人工费怎么收", "客服电话多少 sure", "is human hair ok for the robot vacuum, maybe"])
def test_words_about_people_are_not_a_wish_for_one(text: str) -> None:
    assert decide(text).owner is None


def test_in_the_queue_the_bot_speaks_once_and_then_keeps_quiet() -> None:
    first = decide("sure thing", owner="queue")
    assert first.state == {"told_to_wait": True}
    assert len(first.replies) == 1
    assert decide("sure thing", owner="queue", **first.state).replies == ()


@pytest.mark.parametrize("body", [{"text": "Back to the assistant", "choice": "bot"}, "返回助手"])
def test_the_customer_can_come_back_to_the_bot(body: Body | str) -> None:
    assert decide(body, owner="queue").owner == "bot"


def test_with_an_agent_the_bot_is_silent() -> None:
    decision = decide("sure thing", owner="agent")
    assert decision.replies == ()
    assert decision.owner is None


@pytest.mark.parametrize(("text", "locale"), [("您好", "zh-Hans"), ("妳好，在嗎", "zh-Hant"), ("Hello!", "en")])
def test_small_talk_is_answered_in_its_language(text: str, locale: str) -> None:
    decision = decide(text, locale=locale)
    assert decision.outcome.kind == "small_talk"
    assert decision.locale == locale


@pytest.mark.parametrize(
    ("text", "locale"),
    [("maybe 发票", "zh-Hans"), ("maybe 發票", "zh-Hant"), ("maybe invoice", "en"), ("iPhone 壞了 maybe", "zh-Hant")],
)
def test_the_answer_is_in_the_language_of_the_question(text: str, locale: str) -> None:
    assert decide(text, locale="en").replies[0]["text"] == say("unclear", locale)


def test_a_tapped_choice_is_its_article_and_a_stale_one_is_explained() -> None:
    assert decide({"text": "Fee?", "choice": "article:return-fee"}).replies[0]["text"] == "It is free."
    stale = decide({"text": "Gone?", "choice": "article:gone"})
    assert stale.replies[0]["text"] == say("stale_choice", "en")
    assert choice_ids(stale) == ["person"]


def test_files_alone_are_acknowledged() -> None:
    decision = decide({"attachments": [{"id": "1", "name": "a.png", "type": "image/png", "size": 1}]})
    assert decision.replies[0]["text"] == say("files_received", "en")


def test_every_sentence_has_three_languages_and_an_unknown_one_is_refused() -> None:
    assert len({say("apology", locale, hours="24") for locale in LANGUAGES}) == 3
    with pytest.raises(ResponseFault, match="no_such"):
        say("no_such", "en")

"""The dialog as it ships: our flows, the rules of understanding, and a shelf of articles; words in, words out."""

import re
from functools import cache

import pytest

from bot.domain.decision import Decision
from bot.domain.message import Body, Owner
from bot.flows.catalogue import OURS
from bot.flows.dialog import Dialog
from bot.flows.engine.terms import Terms
from bot.flows.facts import ArticleText, Candidate, Findings
from bot.flows.model import Definitions
from bot.flows.reading import flow_from_document, read_definitions
from bot.flows.rendering import render
from bot.flows.understanding import understand
from crm_adapter.consent.purposes import shipped_purposes
from tests.unit.flows.dialogs import Talk

ANSWERS = {"return-how": "Send it back.", "return-fee": "It is free.", "delivery-time": "Two days."}
LANGUAGES = ("zh-Hans", "zh-Hant", "en")


class Shelf:
    """Three articles; the question's words decide how sure the search is."""

    def search(self, text: str, locale: str) -> Findings:
        candidates = tuple(Candidate(article, f"{article}?", 0.5) for article in ANSWERS)
        if "sure" in text:
            return Findings("answer", candidates)
        return Findings("choices", candidates) if "maybe" in text else Findings("nothing", ())

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        answer = ANSWERS.get(article_id)
        return ArticleText(article_id, f"{article_id}?", answer, (("return-fee", "Fee?"),)) if answer else None


@cache
def ours() -> Definitions:
    return read_definitions(OURS)


class Chat(Talk):
    """A talk in words."""

    def dialog(self) -> Dialog:
        return Dialog(ours, understand, Shelf(), self.terms, flow_from_document)


def chat(owner: Owner = "bot", locale: str = "en") -> Chat:
    return Chat(ours(), owner=owner, locale=locale, terms=Terms({"hours": "24"}))


def decide(body: Body | str, owner: Owner = "bot", locale: str = "en") -> Decision:
    talk = chat(owner, locale)
    talk.take({"text": body} if isinstance(body, str) else body)
    return talk.last


def said(name: str, locale: str) -> str:
    return str(render(ours().responses[name], {"hours": "24"}, locale)["text"])


def choice_ids(decision: Decision) -> list[str]:
    return [choice["id"] for choice in decision.replies[0].get("choices", [])]


def test_a_sure_hit_is_answered_with_its_source_and_related_questions() -> None:
    decision = decide("sure thing")
    assert decision.replies[0]["text"] == "Send it back."
    assert decision.replies[0]["article"] == {"id": "return-how", "question": "return-how?"}
    assert "article(return-fee)" in choice_ids(decision)
    assert (decision.outcome.kind, decision.outcome.ref) == ("article", "return-how")


def test_an_unclear_question_gets_three_choices_and_a_person() -> None:
    decision = decide("maybe this")
    offered = ["article(return-how)", "article(return-fee)", "article(delivery-time)", "person"]
    assert choice_ids(decision) == offered
    assert decision.outcome.kind == "choices"


def test_nothing_found_offers_a_person_and_a_better_wording() -> None:
    decision = decide("weather tomorrow")
    assert "person" in choice_ids(decision)
    assert "wording" in decision.replies[0]["text"]
    assert decision.owner is None


@pytest.mark.parametrize(
    "text", ["转人工", "我要找客服！", "轉人工", "human please", "a person please", "I want a real person"]
)
def test_a_wish_for_a_person_leads_to_one_whatever_is_said_next(text: str) -> None:
    talk = chat()
    talk.say(text)
    assert talk.last.outcome.kind == "hand_over"
    assert talk.stack == ["talk_to_person"]
    talk.say(text)
    assert talk.owner == "queue", "who insists is not asked for reasons"
    assert "24" in str(talk.last.replies[-1]["text"])
    assert talk.choices == ["bot"]


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_notice_promises_words_that_lead_to_one_s_rights(locale: str) -> None:
    """PR6."""
    (promised,) = re.findall(r"[“「](.*?)[”」]", shipped_purposes().rights.of(locale))
    flows = {intent.flow for intent in ours().intents if promised in intent.examples[locale]}
    assert flows == {"privacy_menu"}
    assert ours().flows["privacy_menu"].offered


@pytest.mark.parametrize(("locale", "others"), [("zh-Hans", "真人客服|专人客服"), ("zh-Hant", "人工|專人客服|保修")])
def test_a_person_and_a_warranty_have_one_name_in_each_language(locale: str, others: str) -> None:
    variants = (one for response in ours().responses.values() for one in response.variants)
    texts = [text[locale] for one in variants for text in (one.text, *(button.title for button in one.buttons))]
    texts += [flow.name[locale] for flow in ours().flows.values()]
    assert [text for text in texts if re.search(others, text)] == []


@pytest.mark.parametrize("text", ["人工费怎么收", "客服电话多少 sure", "is human hair ok for the robot vacuum, maybe"])
def test_words_about_people_are_not_a_wish_for_one(text: str) -> None:
    assert decide(text).outcome.kind != "hand_over"


@pytest.mark.parametrize("owner", ["bot", "queue", "agent"])
@pytest.mark.parametrize("text", ["退订", "TD", "STOP", "别再给我发了"])
def test_a_withdrawal_is_followed_in_every_state(text: str, owner: Owner) -> None:
    talk = chat(owner)
    talk.say(text)
    assert "action_withdraw_all" in talk.done


def test_in_the_queue_the_bot_speaks_once_and_then_keeps_quiet() -> None:
    talk = chat("queue")
    assert talk.say("sure thing") == [said("utter_waiting", "en")]
    assert talk.say("sure thing") == []


@pytest.mark.parametrize("body", [{"text": "Back to the assistant", "choice": "bot"}, {"text": "返回助手"}])
def test_the_customer_can_come_back_to_the_bot(body: Body) -> None:
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
    assert decide(text, locale="en").replies[0]["text"] == said("utter_clarify", locale)


def test_a_tapped_choice_is_its_article_and_a_stale_one_is_explained() -> None:
    assert decide({"text": "Fee?", "choice": "article(return-fee)"}).replies[0]["text"] == "It is free."
    stale = decide({"text": "Gone?", "choice": "article(gone)"})
    assert stale.replies[0]["text"] == said("utter_stale_choice", "en")
    assert choice_ids(stale) == ["person"]


def test_files_alone_are_acknowledged() -> None:
    decision = decide({"attachments": [{"id": "1", "name": "a.png", "type": "image/png", "size": 1}]})
    assert decision.replies[0]["text"] == said("utter_files_received", "en")
    assert decision.outcome.kind == "file"


@pytest.mark.parametrize(
    ("media", "response"),
    [
        ({"kind": "video", "missing": "too_large"}, "utter_media_too_large"),
        ({"kind": "voice", "missing": "wrong_type"}, "utter_media_wrong_type"),
        ({"kind": "image", "missing": "gone"}, "utter_media_missing"),
        ({"kind": "image", "missing": "slow"}, "utter_media_missing"),
        ({"kind": "unsupported"}, "utter_media_unsupported"),
    ],
)
def test_what_could_not_be_had_is_told_why_and_its_stand_in_is_not_understood(
    media: dict[str, str], response: str
) -> None:
    decision = decide({"text": "sure invoice", "media": {**media, "stand_in": True}})
    assert decision.replies[0]["text"] == said(response, "en")
    assert decision.outcome.kind == "file"


def test_a_voice_whose_recording_is_missing_is_understood_by_its_words() -> None:
    decision = decide({"text": "sure invoice", "media": {"kind": "voice", "missing": "slow"}})
    assert decision.outcome.kind == "article"


def test_a_place_alone_is_acknowledged_and_one_that_says_more_is_understood() -> None:
    place = {"latitude": 31.2, "longitude": 121.4, "label": ""}
    decision = decide({"text": "31.200000, 121.400000", "location": place})
    assert decision.replies[0]["text"] == said("utter_place_received", "en")
    assert decide({"text": "sure invoice", "location": place}).outcome.kind == "article"


def test_an_apology_asks_nobody_and_hands_over() -> None:
    talk = chat(locale="zh-Hant")
    talk.say("您好")
    inbound, situation = talk.inbound({"text": "x"}), talk.situation()
    decision = talk.dialog().apologise(inbound, situation)
    assert decision.replies[0]["text"] == said("utter_internal_error", "zh-Hant")
    assert (decision.owner, decision.outcome.kind, decision.state) == ("queue", "failed", {})
    talk.owner = "agent"
    assert talk.dialog().apologise(inbound, talk.situation()).replies == ()

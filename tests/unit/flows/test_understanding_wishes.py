"""How well wishes are told from questions, measured with the demo company's articles on sentences held out."""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from bot.flows.commands import Answer, Clarify, Command, StartFlow, WantPerson
from bot.flows.facts import ArticleText, Findings
from bot.flows.model import Definitions
from bot.flows.understanding import Heard
from bot.flows.understanding.plain import plain
from bot.flows.understanding.wishes import find
from bot.handlers.answers import Answers, wishes_of
from crm_adapter.consent.purposes import shipped_purposes
from knowledge_base.demo import ARTICLES
from knowledge_base.files import read_articles
from knowledge_base.index import KnowledgeIndex
from knowledge_base.normalise import normalise
from knowledge_base.watch import LiveIndex
from tests.unit.flows.hearing import DEFINITIONS, NOW, commands, flow, shipped_intents

DATA = Path(__file__).parents[2] / "data"
TODAY = date(2026, 6, 15)
DONE_INSTEAD = {
    "returns-how": {"return_goods"},
    "exchange-how": {"exchange_goods"},
    "install-book": {"delivery_appointment"},
    "delivery-slot": {"delivery_appointment"},
    "delivery-track": {"order_status"},
    "order-find": {"order_status"},
    "repair-book": {"repair"},
    "warranty-repeat": {"repair"},
    "complaint-how": {"open_complaint"},
    "complaint-time": {"follow_case"},
    "suggestion": {"suggestion"},
    "account-delete": {"close_account"},
    "account-phone": {"profile"},
    "privacy-request": {"privacy_view", "privacy_export", "privacy_correct"},
    "privacy-withdraw": {"withdraw_consent"},
}
"""Flows that do what an article only explains: whoever gets one instead of the article is served no worse."""


class Held(LiveIndex):
    """An index that no store stands behind."""

    def __init__(self, index: KnowledgeIndex) -> None:
        super().__init__()
        self._current = index


class Searched:
    """The real search; counts how often it is asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.asked = 0

    def search(self, text: str, locale: str) -> Findings:
        self.asked += 1
        return self._answers.search(text, locale)

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        return self._answers.article(article_id, locale)


@pytest.fixture(scope="module")
def facts() -> Searched:
    index = KnowledgeIndex.build(read_articles(ARTICLES), TODAY, wishes=wishes_of(DEFINITIONS))
    return Searched(Answers(Held(index)))


def lines(name: str) -> list[tuple[str, str | None]]:
    rows = (json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines())
    return [(row["query"], row["expected"]) for row in rows]


def only(text: str, facts: Searched) -> Command:
    (command,) = commands(text, facts)
    return command


def test_the_sentences_are_held_out_and_cover_every_flow() -> None:
    known = {normalise(text) for intent in shipped_intents() for texts in intent.examples.values() for text in texts}
    asked = [(text, expected) for text, expected in lines("intent_queries.jsonl") if expected]
    assert len(asked) >= 200
    assert known.isdisjoint(normalise(text) for text, _ in asked)
    meant = {expected for _, expected in asked}
    assert meant <= {f"flow:{intent.flow}" for intent in shipped_intents()}
    assert len(meant) >= 28


def test_the_flow_comes_first_in_85_of_100_sentences(facts: Searched) -> None:
    right, total = 0, 0
    for text, expected in lines("intent_queries.jsonl"):
        if expected is None:
            continue
        found = find(Heard(text, "zh-Hans", NOW), plain(text), DEFINITIONS, facts, "zh-Hans")
        total += 1
        right += found.wished and f"flow:{found.flow}" == expected
    assert right / total >= 0.85


def test_a_flow_is_started_or_offered_and_hardly_ever_a_wrong_one_started(facts: Searched) -> None:
    counted: Counter[str] = Counter()
    for text, expected in lines("intent_queries.jsonl"):
        if expected is None:
            continue
        match only(text, facts):
            case StartFlow(name):
                counted["right" if f"flow:{name}" == expected else "wrong"] += 1
            case Clarify(options):
                counted["offered" if expected in dict(options) else "offered others"] += 1
            case WantPerson():
                counted["right" if expected == "flow:talk_to_person" else "wrong"] += 1
            case other:
                counted[type(other).__name__] += 1
    total = counted.total()
    assert counted["right"] / total >= 0.68
    assert (counted["right"] + counted["offered"]) / total >= 0.85
    assert counted["wrong"] / total <= 0.03


def test_questions_get_the_answers_they_got_without_flows(facts: Searched) -> None:
    """The thresholds are those of the articles alone, less one point."""
    counted: Counter[str] = Counter()
    first = 0
    for text, expected in lines("demo_queries.jsonl"):
        if expected is None:
            continue
        findings = facts.search(text, "zh-Hans")
        first += bool(findings.candidates) and findings.candidates[0].article_id == expected
        match only(text, facts):
            case Answer(article):
                counted["right" if article == expected else "wrong"] += 1
            case StartFlow(name):
                counted["done instead" if name in DONE_INSTEAD.get(expected, ()) else "wrong"] += 1
            case _:
                counted["refused"] += 1
    total = counted.total()
    assert first / total >= 0.79
    assert (counted["right"] + counted["done instead"]) / total >= 0.41
    assert counted["right"] / total >= 0.41
    assert counted["wrong"] / total <= 0.04


def test_what_nobody_here_does_or_knows_is_neither_answered_nor_started(facts: Searched) -> None:
    strange = [
        text for name in ("demo_queries.jsonl", "intent_queries.jsonl") for text, want in lines(name) if not want
    ]
    followed = [text for text in strange if isinstance(only(text, facts), Answer | StartFlow | WantPerson)]
    assert len(followed) / len(strange) <= 0.05


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("投诉", "open_complaint"), ("投訴", "open_complaint"), ("我要投诉！", "open_complaint"),
        ("complaint", "open_complaint"), ("退货", "return_goods"), ("退貨", "return_goods"),
        ("我要退货", "return_goods"), ("return", "return_goods"), ("换货", "exchange_goods"), ("报修", "repair"),
        ("維修", "repair"), ("建议", "suggestion"), ("菜单", "menu"),
        ("menu", "menu"), ("help", "menu"), ("我的隐私", "privacy_menu"), ("my privacy", "privacy_menu"),
        ("我的隱私", "privacy_menu"), ("注销账号", "close_account"), ("问卷", "questionnaire"),
        ("撤回同意", "withdraw_consent"), ("我的资料", "profile"), ("查订单", "order_status"),
        ("预约安装", "delivery_appointment"),
    ],
)  # fmt: skip
def test_a_trigger_starts_its_flow_word_for_word(facts: Searched, text: str, name: str) -> None:
    assert only(text, facts) == StartFlow(name)


@pytest.mark.parametrize(
    ("text", "article"),
    [("怎么退货？", "returns-how"), ("how do I return a product", "returns-how"), ("怎么投诉", "complaint-how"),
    ("怎么报修？", "repair-book"),
     ("退款多久到账", "refund-time"), ("怎么注销账号", "account-delete"),
     ("how do I unsubscribe from your ads", "marketing-stop")],
)  # fmt: skip
def test_a_question_about_the_same_is_answered(facts: Searched, text: str, article: str) -> None:
    command = only(text, facts)
    assert command == Answer(article) or (
        isinstance(command, Clarify) and f"article:{article}" in dict(command.options)
    )


def test_every_shipped_example_is_found_as_its_own_flows(facts: Searched) -> None:
    for intent in shipped_intents():
        for texts in intent.examples.values():
            for text in texts:
                wishes = facts.search(text, "zh-Hans").wishes
                assert wishes, text
                assert (wishes[0].flow, wishes[0].confidence >= 0.99) == (intent.flow, True), text


def test_flows_that_are_not_offered_are_not_in_the_index() -> None:
    hidden = Definitions({"menu": flow("menu", offered=False), "repair": flow("repair")}, {}, {}, shipped_intents(), "")
    assert [wish.id for wish in wishes_of(hidden)] == ["flow:repair"]
    assert list(wishes_of(hidden)) == list(wishes_of(hidden))


def test_the_words_that_every_notice_promises_lead_to_ones_rights(facts: Searched) -> None:
    """PR6."""
    rights = shipped_purposes().rights
    for locale in ("zh-Hans", "zh-Hant", "en"):
        (promised,) = re.findall(r"[“「](.*?)[”」]", rights.of(locale))
        assert only(promised, facts) == StartFlow("privacy_menu")

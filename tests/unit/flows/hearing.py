"""A message as the dialog gives it to understanding, and definitions with one empty flow per intent that ships."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from bot.flows.commands import Command, Understood
from bot.flows.facts import ArticleText, Candidate, Facts, Findings, Wish
from bot.flows.model import Definitions, Flow, Intent, Slot
from bot.flows.reading.intents import sentences_of
from bot.flows.understanding import Heard, understand

NLU = Path(__file__).parents[3] / "bot" / "flows" / "definitions" / "nlu.yml"
NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
"""A Wednesday."""
YES_NO = Slot("confirmed", "bool")
WORDS = Slot("complaint_matter", "text")
PHONE, EMAIL = Slot("phone", "text", "phone"), Slot("email", "text", "email")


class Shelf:
    """Finds what it is told to, and counts how often it is asked."""

    def __init__(self, **found: Findings) -> None:
        self.found = {text.replace("_", " "): findings for text, findings in found.items()}
        self.asked = 0

    def search(self, text: str, locale: str) -> Findings:
        self.asked += 1
        return self.found.get(text, Findings("nothing", ()))

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        return None


def answer(confidence: float = 0.95) -> Findings:
    return Findings("answer", (Candidate("delivery-fee", "运费多少？", confidence),), lead=-3.0)


def wish(flow: str, confidence: float = 0.9, lead: float = 3.0) -> Findings:
    return Findings("nothing", (), (Wish(flow, confidence),), sure=confidence > 0.6, lead=lead)


def flow(name: str, *, offered: bool = True) -> Flow:
    titles = dict.fromkeys(("zh-Hans", "zh-Hant", "en"), name)
    return Flow(name, titles, "", None, (), {}, {}, frozenset(), name, {}, offered=offered)


def shipped_intents() -> tuple[Intent, ...]:
    document = yaml.safe_load(NLU.read_text("utf-8"))
    return tuple(
        Intent(
            item["intent"],
            item["intent"],
            {
                locale: tuple(line.removeprefix("- ") for line in text.strip().splitlines())
                for locale, text in (("zh-Hans", item["examples"]), *item["translation"].items())
            },
        )
        for item in document["nlu"]
    )


def definitions() -> Definitions:
    intents = shipped_intents()
    flows = {intent.flow: flow(intent.flow) for intent in intents}
    return Definitions({**flows, "hidden": flow("hidden", offered=False)}, {}, {}, intents, "", sentences_of(intents))


DEFINITIONS = definitions()


def hear(text: str, facts: Facts | None = None, locale: str = "zh-Hans", **state: Any) -> Understood:
    return understand(Heard(text, locale, NOW, **state), facts or Shelf(), DEFINITIONS)


def commands(text: str, facts: Facts | None = None, **state: Any) -> tuple[Command, ...]:
    return hear(text, facts, **state).commands

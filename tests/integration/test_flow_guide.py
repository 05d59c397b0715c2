"""The guide's example is what it says: dropped in a folder it is right, and plays the conversations beside it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.__main__ import main
from bot.domain.decision import Decision, Situation
from bot.domain.message import Inbound
from bot.flows.catalogue import OURS
from bot.flows.checking import check_definitions
from bot.flows.dialog import Dialog
from bot.flows.facts import ArticleText, Findings, Wish
from bot.flows.model import Definitions
from bot.flows.reading import read_definitions
from bot.flows.understanding import understand
from bot.handlers.surroundings import surroundings

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
NAMES = ("flows.md", "flows.zh-CN.md")


def blocks(name: str) -> tuple[str, list[dict[str, Any]]]:
    """The flow file and the conversations of a guide."""
    flow, cases = re.findall(r"```yaml\n(.*?)```", (GUIDES / name).read_text(encoding="utf-8"), re.DOTALL)
    return flow, yaml.safe_load(cases)["test_cases"]


@dataclass
class Examples:
    """Facts that know each intent by its examples, word by word."""

    definitions: Definitions

    def search(self, text: str, locale: str) -> Findings:
        for intent in self.definitions.intents:
            if any(text in examples for examples in intent.examples.values()):
                return Findings("nothing", (), (Wish(intent.flow, 1.0),), sure=True, lead=20.0)
        return Findings("nothing", ())

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        return None


@dataclass
class Chat:
    """A customer in the web chat."""

    definitions: Definitions
    state: dict[str, Any] = field(default_factory=dict)
    locale: str = "zh-Hans"
    number: int = 0

    def say(self, text: str) -> list[str]:
        self.number += 1
        now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
        dialog = Dialog(lambda: self.definitions, understand, Examples(self.definitions))
        inbound = Inbound(
            "web", "shop", str(self.number), "visitor:1", "anonymous", self.locale, {"text": text}, now, "0"
        )
        turn = dialog.turn(inbound, Situation("bot", self.locale, self.state, now))
        decision = run(turn)
        self.state, self.locale = decision.state, decision.locale or self.locale
        return [str(reply["text"]) for reply in decision.replies]


def run(turn: Any) -> Decision:
    """The flow of the guide asks for no action of ours."""
    with pytest.raises(StopIteration) as ended:
        next(turn)
    decision = ended.value.value
    assert isinstance(decision, Decision)
    return decision


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_right(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "showroom.yml"
    file.write_text(blocks(name)[0], encoding="utf-8")
    checked = check_definitions(read_definitions(OURS, tmp_path), surroundings())
    assert [str(each) for each in (*checked.faults, *checked.warnings) if each.file == str(file)] == []
    main(["flows", "--locale", "en", "check", str(tmp_path)])
    assert str(file) not in "".join(capsys.readouterr())


@pytest.mark.parametrize("name", NAMES)
def test_the_conversations_go_as_they_stand_there(name: str, tmp_path: Path) -> None:
    text, cases = blocks(name)
    (tmp_path / "showroom.yml").write_text(text, encoding="utf-8")
    definitions = read_definitions(OURS, tmp_path)
    assert len(cases) == 2
    for case in cases:
        chat, said = Chat(definitions), list[str]()
        for step in case["steps"]:
            if "user" in step:
                said = chat.say(step["user"])
            elif "utter" in step:
                assert definitions.responses[step["utter"]].variants[0].text[chat.locale] in said
            else:
                assert step["bot"] in said


def test_both_guides_have_one_example() -> None:
    assert blocks(NAMES[0]) == blocks(NAMES[1])

"""A dialog of YAML, with a customer whose words are commands: what the engine does, without understanding."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.domain.decision import ActionCall, ActionResult, Decision, FlowWanted, Situation
from bot.domain.message import Assurance, Body, Inbound, Owner
from bot.flows.commands import (
    Answer,
    BackToBot,
    Cancel,
    CannotHandle,
    Clarify,
    Command,
    CorrectSlot,
    SetSlot,
    Skip,
    SmallTalk,
    Speak,
    StartFlow,
    Understood,
    Unreadable,
    WantPerson,
    Withdraw,
)
from bot.flows.dialog import Dialog
from bot.flows.engine.state import dump, load
from bot.flows.engine.terms import Terms
from bot.flows.facts import ArticleText, Facts, Findings
from bot.flows.model import Definitions, Flow
from bot.flows.reading import flow_from_document, read_definitions
from bot.flows.understanding.heard import Heard

OURS = Path(__file__).parents[3] / "bot" / "flows" / "definitions"
PATTERNS = ("patterns.yml", "dialog_responses.yml", "unreadable.yml")
ELSEWHERE = """
flows:
  consent_notice:
    name: 告知
    translation: {zh-Hant: 告知, en: Notice}
    description: stands for the flow of another file that a pattern calls
    steps:
      - action: action_show_notice
"""
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
Act = Callable[[ActionCall], ActionResult]


class Shelf:
    """One article, and a related one."""

    def search(self, text: str, locale: str) -> Findings:
        return Findings("nothing", ())

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        if article_id != "fee":
            return None
        return ArticleText("fee", "Fee?", "It is free.", (("time", "How long?"),))


@cache
def definitions(*texts: str) -> Definitions:
    """Our patterns with these flow files."""
    ours = {name: (OURS / name).read_text(encoding="utf-8") for name in PATTERNS}
    ours["elsewhere.yml"] = ELSEWHERE
    return read_definitions(ours, {f"test{number}.yml": text for number, text in enumerate(texts)})


def told(text: str, heard: Heard) -> tuple[Command, ...]:
    """What a scripted customer means.

    ``slot=value``, ``slot:=value`` (a correction), ``!value`` (for what was asked), ``/flow``, ``~small talk``,
    ``?options``, ``#slot:code`` (unreadable) or a word.
    """
    words: dict[str, Command] = {
        "person": WantPerson(),
        "bot": BackToBot(),
        "withdraw": Withdraw(),
        "cancel": Cancel(),
        "skip": Skip(),
        "fee?": Answer("fee"),
        "hello": SmallTalk("greeting"),
        "english": Speak("en"),
    }
    if text in words:
        return (words[text],)
    if text.startswith("~"):
        return (SmallTalk(text[1:]),)
    if text.startswith("?"):
        return (Clarify(tuple((option, option) for option in text[1:].split(","))),)
    if text.startswith("#"):
        return (Unreadable(*text[1:].split(":")),)
    if text.startswith("/"):
        return (StartFlow(text[1:]),)
    name, sign, value = text.partition(":=")
    if sign:
        return (CorrectSlot(name, value_of(value)),)
    name, sign, value = text.partition("=")
    if sign:
        return (SetSlot(name, value_of(value)),)
    return (
        (SetSlot(heard.asked.name, value_of(text[1:])),) if text.startswith("!") and heard.asked else (CannotHandle(),)
    )


def value_of(text: str) -> Any:
    """Numbers, truth and nothing as such, all else as text."""
    if text in ("true", "false"):
        return text == "true"
    if text == "none":
        return None
    return float(text) if text.replace(".", "", 1).isdigit() else text


def tapped(choice: str) -> tuple[Command, ...]:
    """What a tap means."""
    kind, _, inside = choice.partition("(")
    inside = inside.removesuffix(")")
    if kind == "SetSlots":
        name, _, value = inside.partition("=")
        return (SetSlot(name, value_of(value)),)
    words: dict[str, Command] = {"person": WantPerson(), "bot": BackToBot(), "skip": Skip(), "cancel": Cancel()}
    if kind == "start":
        flow, *given = (part.strip() for part in inside.split(","))
        pairs = (part.partition("=") for part in given)
        return (StartFlow(flow, tuple((name, value_of(value)) for name, _, value in pairs)),)
    if kind == "article":
        return (Answer(inside),)
    return (words.get(kind, CannotHandle()),)


def understand(heard: Heard, _facts: Facts, _definitions: Definitions) -> Understood:
    """Several commands stand side by side with ``;``; what ends with ``!!!`` is angry."""
    if heard.choice:
        return Understood(tapped(heard.choice), heard.locale)
    commands = tuple(
        one for part in heard.text.removesuffix("!!!").split(";") for one in told(part.strip().lower(), heard)
    )
    return Understood(commands, heard.locale, upset=heard.text.endswith("!!!"))


@dataclass
class Talk:
    """A conversation with a dialog; every turn's state goes through JSON and a fresh :class:`Dialog`."""

    definitions: Definitions
    act: Act = lambda call: ActionResult()
    locale: str = "en"
    owner: Owner = "bot"
    state: dict[str, Any] = field(default_factory=dict)
    now: datetime = START
    first: bool = False
    terms: Terms = field(default_factory=lambda: Terms({"hours": "24"}))
    documents: Mapping[str, Flow] = field(default_factory=dict)
    channel: str = "web"
    assurance: Assurance = "anonymous"
    calls: list[ActionCall] = field(default_factory=list)
    decision: Decision | None = None
    number: int = 0

    def say(self, text: str) -> list[str]:
        """What is answered to a text."""
        return self.take({"text": text})

    def tap(self, choice: str) -> list[str]:
        """What is answered to a tap."""
        return self.take({"text": "…", "choice": choice})

    def happen(self, event: str, after_s: float = 0, **values: Any) -> list[str]:
        """What is said when something happens."""
        self.now += timedelta(seconds=after_s)
        return self.take(values, event)

    def take(self, body: Body, event: str | None = None) -> list[str]:
        """One turn."""
        self.number += 1
        inbound = self.inbound(body, event)
        decision = drive(self.dialog(), inbound, self.situation(), self)
        assert dump(load(decision.state)) == decision.state
        assert all(reply["text"].strip() for reply in decision.replies)
        self.state, self.decision = decision.state, decision
        self.owner, self.locale = decision.owner or self.owner, decision.locale or self.locale
        self.first = False
        return [str(reply["text"]) for reply in decision.replies]

    def inbound(self, body: Body, event: str | None = None) -> Inbound:
        """What the edge makes of it."""
        number, now = str(self.number), self.now
        return Inbound(self.channel, "shop", number, "visitor:1", "anonymous", self.locale, body, now, "0", event=event)

    def dialog(self) -> Dialog:
        """As another process would have it."""
        return Dialog(lambda: self.definitions, understand, Shelf(), self.terms, flow_from_document)

    def situation(self) -> Situation:
        """What is known now."""
        return Situation(self.owner, self.locale, self.state, self.now, self.first, channel=self.channel)

    @property
    def last(self) -> Decision:
        """The last decision."""
        assert self.decision is not None
        return self.decision

    @property
    def choices(self) -> list[str]:
        """What can be tapped in the last answer."""
        return [choice["id"] for choice in self.last.replies[-1].get("choices", ())]

    @property
    def slots(self) -> dict[str, Any]:
        """The slots of the frame at the bottom."""
        frames: Sequence[Mapping[str, Any]] = self.state.get("frames", ())
        return dict(frames[0].get("slots", {})) if frames else {}

    @property
    def stack(self) -> list[str]:
        """The flows that are open."""
        return [frame["flow"] for frame in self.state.get("frames", ())]

    @property
    def done(self) -> list[str]:
        """The actions that were carried out."""
        return [call.name for call in self.calls]

    def with_definitions(self, changed: Definitions) -> None:
        """The files have changed; what was in force is kept by hash."""
        before = {flow.content_hash: flow for flow in self.definitions.flows.values()}
        self.documents = {**self.documents, **before}
        self.definitions = changed


def drive(dialog: Dialog, inbound: Inbound, situation: Situation, talk: Talk) -> Decision:
    """Gives a turn what it asks for."""
    turn = dialog.turn(inbound, situation)
    try:
        wanted = next(turn)
        while True:
            if isinstance(wanted, FlowWanted):
                flow = talk.documents.get(wanted.content_hash)
                wanted = turn.send(flow.document if flow else None)
            else:
                talk.calls.append(replace(wanted, slots=dict(wanted.slots)))
                wanted = turn.send(talk.act(wanted))
    except StopIteration as end:
        decision: Decision = end.value
        return decision

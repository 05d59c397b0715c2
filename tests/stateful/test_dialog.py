"""Whatever is said, tapped or happens in any order: an answer, a state that another process goes on with, a way out."""

import copy
import json
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bot.domain.decision import ActionCall, ActionResult, Said
from bot.flows.engine.results import result_body
from bot.flows.engine.terms import Terms
from tests.unit.flows.dialogs import Talk, definitions
from tests.unit.flows.test_dialog import FORMS
from tests.unit.flows.test_dialog_events import ASKING, OUTSIDE
from tests.unit.flows.test_engine_versions import FIRST

EXAMPLES, STEPS = 150, 30
CHANGED = FORMS.replace("Your phone?", "Which phone?").replace("      - collect: product\n", "")
SAID = (
    "person bot withdraw cancel skip fee? hello english what !x !true !false !none !7 ~thanks ~insult"
    " /complaint /rating /caller /person /held /circle /chain /stock /returns /survey_satisfaction /nowhere"
    " matter=m matter:=n matter:=none product=p product:=q phone=1x phone:=2x sure=true sure:=false stars=5 stars:=4"
    " who=w who:=v known=yes known:=no item=i item:=j size=big size:=small ref=r nothing=1 dialog_keep=true"
    " accepted=true accepted=false why=w helped=false ?flow:rating,article:fee"
)
TAPPED = (
    "person bot skip cancel start(rating) start(person) start(pattern_silence) article(fee) article(gone) junk(("
    " SetSlots(matter=m) SetSlots(dialog_keep=true) SetSlots(dialog_continue=false) SetSlots(liked=true)"
    " SetSlots(accepted=true)"
)
WORDS, CHOICES = st.sampled_from(SAID.split()), st.sampled_from(TAPPED.split())
VALUES = st.one_of(st.none(), st.booleans(), st.text(max_size=5), st.floats(), st.lists(st.integers(), max_size=2))
RESULTS = st.builds(
    ActionResult,
    slots=st.dictionaries(st.sampled_from(["matter", "stock", "checked", "phone", "liked", "own"]), VALUES, max_size=3),
    said=st.lists(
        st.sampled_from([Said("utter_opened"), Said("utter_gone"), Said(body={}), Said(body={"text": "x"})]), max_size=2
    ).map(tuple),
    follow_up=st.sampled_from([None, None, "rating", "caller", "nowhere", "complaint"]),
    failed=st.sampled_from([None, None, None, "store"]),
)
AWAY = st.sampled_from([0, 60, 600, 1200, 1800, 90000])


class Conversation(RuleBasedStateMachine):
    """One customer, an agent now and then, a store that does anything, and files that change."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[ActionResult] = []
        self.parked: list[Any] = []
        self.talk = Talk(definitions(FORMS, OUTSIDE, FIRST, ASKING), self.act, first=True)
        self.talk.terms = Terms({"hours": "24"}, after_commit=frozenset({"action_look_up_stock"}), depth=3)
        self.tokens: list[str] = []

    def act(self, call: ActionCall) -> ActionResult:
        json.dumps(dict(call.slots))
        if call.name == "action_park_flow":
            self.parked.append(call.slots["parked_document"])
        if call.name == "action_take_parked" and self.parked:
            return ActionResult({"parked_document": self.parked.pop()})
        if call.name == "action_find_parked" and self.parked:
            return ActionResult({"parked_id": "p", "parked_flow": self.parked[-1]["frames"][0]["flow"]})
        return self.results.pop() if self.results else ActionResult()

    def turn(self, body: dict[str, Any], event: str | None = None) -> list[str]:
        """One turn, decided twice: the same comes of it."""
        again = copy.deepcopy((self.talk.state, self.results, self.parked))
        twin = copy.copy(self.talk)
        twin.calls, twin.act = [], ActedAgain(self, again).act
        twin.state = again[0]
        expected = twin.take(copy.deepcopy(body), event)
        speaks = self.talk.owner == "bot"
        replies = self.talk.take(body, event)
        assert (replies, self.talk.last) == (expected, twin.last)
        assert replies or event is not None or not speaks, "who speaks to the bot is answered"
        assert json.loads(json.dumps(self.talk.state, allow_nan=False)) == self.talk.state
        self.tokens += [token for token, _ in self.talk.last.after_commit]
        if self.talk.last.close:
            self.talk.state, self.talk.first, self.talk.owner = {}, True, "bot"
        return replies

    @rule(words=st.lists(WORDS, min_size=1, max_size=3), angry=st.booleans(), results=st.lists(RESULTS, max_size=2))
    def say(self, words: list[str], angry: bool, results: list[ActionResult]) -> None:
        self.results = results
        self.turn({"text": ";".join(words) + "!!!" * angry})

    @rule(choice=CHOICES)
    def tap(self, choice: str) -> None:
        self.turn({"text": "x", "choice": choice})

    @precondition(lambda self: self.talk.state.get("shown"))
    @rule(data=st.data())
    def tap_what_is_shown(self, data: st.DataObject) -> None:
        self.turn({"text": "x", "choice": data.draw(st.sampled_from(sorted(self.talk.state["shown"])))})

    @rule()
    def send_a_file(self) -> None:
        self.turn({"attachments": [{"id": "1", "name": "a.png"}]})

    @rule(event=st.sampled_from(["silence", "silence", "resolved", "case_changed", "told"]), away=AWAY)
    def let_happen(self, event: str, away: int) -> None:
        self.talk.now += timedelta(seconds=away)
        self.turn({"matter_state": "open"}, event)

    @rule(result=RESULTS, late=st.booleans())
    def answer_from_outside(self, result: ActionResult, late: bool) -> None:
        token = self.tokens.pop(0 if late else -1) if self.tokens else "t"
        self.turn(result_body(token, result), "action_result")

    @rule(owner=st.sampled_from(["bot", "queue", "agent"]))
    def hand(self, owner: Any) -> None:
        self.talk.owner = owner

    @rule(
        known=st.booleans(),
        texts=st.sampled_from([(FORMS, OUTSIDE, FIRST, ASKING), (CHANGED, OUTSIDE, ASKING), (CHANGED,)]),
    )
    def change_the_files(self, known: bool, texts: tuple[str, ...]) -> None:
        if known:
            self.talk.with_definitions(definitions(*texts))
        else:
            self.talk.definitions, self.talk.documents = definitions(*texts), {}

    @rule(junk=st.dictionaries(st.sampled_from(["v", "frames", "slots", "lost", "x"]), VALUES, max_size=3))
    def damage_the_state(self, junk: dict[str, Any]) -> None:
        self.talk.state = {**self.talk.state, **junk}
        self.turn({"text": "hello"})

    @invariant()
    def a_person_and_a_withdrawal_can_be_had(self) -> None:
        for text in ("person", "withdraw"):
            twin = copy.copy(self.talk)
            twin.state, twin.calls, twin.act = copy.deepcopy(self.talk.state), [], lambda call: ActionResult()
            said = twin.say(text)
            if text == "person":
                assert twin.owner in ("queue", "agent")
                assert said or twin.owner == "agent"
            else:
                assert said

    @invariant()
    def the_state_stays_small(self) -> None:
        assert len(self.talk.state.get("frames") or []) <= 12
        assert len(json.dumps(self.talk.state)) < 16_000


class ActedAgain:
    """The store as it was, for the second decision."""

    def __init__(self, conversation: Conversation, before: tuple[Any, list[ActionResult], list[Any]]) -> None:
        self._twin = copy.copy(conversation)
        _, self._twin.results, self._twin.parked = before

    def act(self, call: ActionCall) -> ActionResult:
        return Conversation.act(self._twin, call)


def test_any_conversation() -> None:
    run_state_machine_as_test(
        Conversation,
        settings=hypothesis_settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

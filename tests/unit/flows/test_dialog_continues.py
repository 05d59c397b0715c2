"""What silence has put aside goes on at a word of the customer, before it is offered."""

import pytest

from bot.domain.decision import ActionCall, ActionResult, Given
from bot.flows.commands import Command, SetSlot, StartFlow, Understood
from bot.flows.dialog import Dialog
from bot.flows.facts import Facts
from bot.flows.model import Definitions
from bot.flows.understanding.heard import Heard
from tests.unit.flows.dialogs import Shelf, Talk, definitions, understand
from tests.unit.flows.test_dialog import FORMS


def put_aside() -> Talk:
    """A customer whose complaint was put aside a moment ago."""

    class Continuing(Talk):
        def dialog(self) -> Dialog:
            return Dialog(lambda: self.definitions, _continuing, Shelf(), self.terms)

    def act(call: ActionCall) -> ActionResult:
        if call.name == "action_park_flow":
            kept.update(call.slots["parked_document"])
            return ActionResult({"parked_id": "7"})
        return ActionResult({"parked_document": kept} if call.name == "action_take_parked" else {})

    kept: dict[str, Given] = {}
    customer = Continuing(definitions(FORMS), act)
    customer.say("/complaint; matter=broken; product=pan")
    customer.happen("silence", 600)
    assert "continue" in customer.happen("silence", 1200)[0]
    return customer


def _continuing(heard: Heard, facts: Facts, known: Definitions) -> Understood:
    """ "Continue" and "no" are answers only where a yes or no is asked for, and "continue complaint" is both."""
    answers: tuple[Command, ...] = ()
    if heard.asked is not None and heard.asked.type == "bool" and heard.text.startswith(("continue", "no")):
        answers = (SetSlot(heard.asked.name, heard.text != "no"),)
    if heard.text.startswith("continue "):
        answers = (*answers, StartFlow(heard.text.removeprefix("continue ")))
    return Understood(answers, heard.locale) if answers else understand(heard, facts, known)


@pytest.mark.parametrize("text", ["continue", "continue complaint"])
def test_what_was_just_put_aside_goes_on_at_a_word(text: str) -> None:
    customer = put_aside()
    assert customer.say(text) == ["Your phone?"]
    assert customer.slots == {"matter": "broken", "product": "pan"}
    assert "parked" not in customer.state


def test_what_was_just_put_aside_can_be_left_and_waits_for_other_things() -> None:
    customer = put_aside()
    assert customer.say("no") == ["All right, I will leave it."]
    assert customer.stack == []
    other = put_aside()
    assert other.say("continue rating") == ["Stars?"]
    asked = put_aside()
    assert asked.say("fee?") == [
        "It is free.",
        'Last time "Complaint" was left unfinished. Shall we go on with it?',
    ]

"""How a conversation begins: notices that are due, and what was parked at an earlier visit."""

from collections.abc import Mapping, Sequence

from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import wanted_units
from bot.flows.engine.walk import walk
from bot.flows.model import Collect
from bot.flows.rendering import choices_of, in_language, render

OFFER = "dialog_take_up"
"""The slot of the question whether what was parked is to go on."""


def greet(run: Run) -> Steps[None]:
    """Runs the pattern of a beginning where there is one to run, then goes on with what was going on.

    What was parked is offered as soon as no other flow runs; whoever has just started the same flow is asked at once.
    """
    if run.first or (run.frames and may_offer(run)):
        _push(run, first=run.first)
    if run.frames:
        yield from walk(run)
    if run.speaks and not run.frames and may_offer(run):
        _push(run, first=False)
        yield from walk(run)


def answer_offer(run: Run, wanted: bool) -> Steps[None]:
    """What is parked goes on, or is left, since the customer has said so without being asked."""
    _push(run, first=False)
    frame = run.frames[-1]
    steps = run.chart(frame).steps.values()
    asking = next((one.id for one in steps if isinstance(one.does, Collect) and one.does.slot == OFFER), None)
    if asking is not None:
        frame.step, frame.asked = asking, True
        run.put(frame, OFFER, wanted)
    yield from walk(run)


def offer_choices(run: Run) -> Sequence[Mapping[str, str]]:
    """How what is parked would be offered, and how customers themselves ask for it."""
    about = {"dialog_flow": in_language(run.world.definitions.flows[run.state.parked["flow"]].name, run.locale)}
    offer, by_name = run.response(f"utter_ask_{OFFER}"), run.response("utter_take_up_by_name")
    choices = choices_of(offer, about, run.locale) if offer else []
    if by_name:
        choices.append({"id": f"SetSlots({OFFER}=true)", "label": str(render(by_name, about, run.locale)["text"])})
    return choices


def _push(run: Run, *, first: bool) -> None:
    slots = {}
    if may_offer(run):
        parked, run.state.parked = run.state.parked, {}
        flow = run.world.definitions.flows[parked["flow"]]
        slots = {"parked_id": parked["id"], "dialog_flow": in_language(flow.name, run.locale)}
    run.push_pattern("pattern_session_start", dialog_first=first, **slots)


def may_offer(run: Run) -> bool:
    """Whether something is parked that can be offered now.

    A flow that has only just been started, and is the one that was parked, gives way.
    """
    name = run.state.parked.get("flow")
    if not isinstance(name, str) or "id" not in run.state.parked or name not in run.world.definitions.flows:
        return False
    if not run.frames:
        return True
    top = run.frames[-1]
    return len(wanted_units(run)) == 1 and top.flow == name and not top.path and not top.asked

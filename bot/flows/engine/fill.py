"""Values that customers give: into the frame that asks, ahead of its question, or in place of an earlier one."""

from typing import Any

from bot.flows.engine.chart import fits
from bot.flows.engine.replan import correct, fillable, note_change
from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import root_of
from bot.flows.engine.state import Frame
from bot.flows.engine.walk import offer_help, play
from bot.flows.model import Collect, Slot
from bot.flows.rendering import label, spoken


def asked_slot(run: Run) -> Slot | None:
    """The slot of the open question."""
    frame = run.top
    if frame is None or not frame.asked:
        return None
    chart = run.chart(frame)
    step = chart.steps.get(frame.step)
    return chart.flow.slots.get(step.does.slot) if step and isinstance(step.does, Collect) else None


def asks_for(run: Run, frame: Frame, slot: str) -> bool:
    """Whether this frame's open question is about this slot."""
    step = run.chart(frame).steps.get(frame.step)
    return frame.asked and step is not None and isinstance(step.does, Collect) and step.does.slot == slot


def place_of(run: Run, slot: str) -> int | None:
    """The uppermost frame that the customer may give this slot to. What only actions set, no customer may."""
    for index in range(len(run.frames) - 1, -1, -1):
        if slot in fillable(run, run.frames[index]):
            return index
    return None


def fill_slot(run: Run, slot: str, value: Any, *, correcting: bool = False) -> Steps[bool]:
    """Takes a value; false where no running flow asks for it, or it is none of the slot's."""
    index = place_of(run, slot)
    if index is None:
        return False
    frame = run.frames[index]
    known = run.chart(frame).flow.slots.get(slot) or run.world.definitions.slots.get(slot)
    if value is None and correcting:
        return _ask_again(run, index, slot)
    if not fits(known, value):
        return False
    _forget_above(run, index)
    before = frame.slots.get(slot, run.state.slots.get(slot))
    skipped = slot in frame.slots and before is None
    if asks_for(run, frame, slot) or (before is None and not skipped):
        run.put(frame, slot, value)
        note_change(frame, slot)
        if correcting:
            _deny(run, frame, slot)
        return True
    if before != value:
        correct(run, index, slot, value)
    elif not correcting:
        return True
    if not _refused(run, frame, slot, value):
        yield from play(run, "pattern_correction", dialog_value=_told(run, known, slot, value))
    return True


def _deny(run: Run, frame: Frame, slot: str) -> None:
    """Who is asked whether all is right, and says what is not, has said no: the question that follows a no is answered
    already."""
    chart = run.chart(frame)
    step = chart.steps.get(frame.step)
    if not frame.asked or step is None or not isinstance(step.does, Collect):
        return
    asked = chart.flow.slots.get(step.does.slot)
    if asked is None or asked.type != "bool":
        return
    values = {**run.values(frame), asked.name: False}
    then = chart.steps.get(next((one.to for one in step.next if one.when is None or one.when.holds(values)), ""))
    if then is not None and isinstance(then.does, Collect) and then.does.slot == slot:
        run.put(frame, asked.name, False)


def unreadable(run: Run, slot: str, code: str) -> None:
    """Says what is wrong with what was said for a slot; the question is asked again."""
    if run.say(f"utter_unreadable_{code}") is None:
        run.say("utter_unreadable")
    frame = run.top
    if frame is not None and asks_for(run, frame, slot):
        count_failure(run, frame)
    run.came_to("flow", frame.flow if frame else None)


def count_failure(run: Run, frame: Frame) -> bool:
    """One more answer that could not be taken; true when help was offered for it."""
    frame.tries += 1
    return frame.tries % run.world.terms.tries == 0 and offer_help(run, frame)


def skip(run: Run) -> Steps[None]:
    """Leaves the open question unanswered, where it may be."""
    frame = run.top
    slot = asked_slot(run)
    if frame is None or slot is None:
        yield from play(run, "pattern_cannot_handle", dialog_tries=1)
        return
    chart = run.chart(frame)
    does = chart.collected[slot.name]
    nothing = "none" if "none" in slot.values else None
    refused = any(one.when.holds({**run.values(frame), slot.name: nothing}) for one in does.rejections)
    may = (slot.name in chart.skippable or "skip" in run.offered) and not refused
    if may:
        run.put(frame, slot.name, None)
        frame.slots[slot.name] = nothing
    yield from play(run, "pattern_skip_question", dialog_may_skip=may)


def _told(run: Run, known: Slot | None, slot: str, value: Any) -> str | None:
    """A value as customers know it: in the words of its choice where it was chosen, now or from a list of before.

    ``None`` where only a name of ours is known: what was tapped without words.
    """
    choice = f"SetSlots({slot}={value})"
    words = run.offered.get(choice)
    named = known is not None and (bool(known.values) or known.type == "bool")
    if words is None and run.inbound.body.get("choice") == choice and not named:
        words = str(run.inbound.body.get("text", ""))
        if not any(sign.isalnum() for sign in words) or words == value:
            return None
    if words and any(sign.isalnum() for sign in words):
        return str(words)
    return spoken(label(known, value, run.locale), run.locale)


def _ask_again(run: Run, index: int, slot: str) -> bool:
    """Only the slot was named as wrong: its question is asked again."""
    _forget_above(run, index)
    frame = run.frames[index]
    if not asks_for(run, frame, slot):
        correct(run, index, slot, None)
        if frame.changed and slot in frame.changed:
            frame.changed.remove(slot)
            frame.changed.append("")
    return True


def _refused(run: Run, frame: Frame, slot: str, value: Any) -> bool:
    """Whether the value's question is going to refuse it, which then is said instead."""
    does = run.chart(frame).collected.get(slot)
    values = {**run.values(frame), slot: value}
    return does is not None and any(one.when.holds(values) for one in does.rejections)


def _forget_above(run: Run, index: int) -> None:
    """Who speaks of the flow below goes on with it: what only the dialog has asked above it is forgotten."""
    above = range(index + 1, len(run.frames))
    if above and all(run.frames[root_of(run, one)].flow.startswith("pattern_") for one in above):
        del run.frames[index + 1 :]

"""A value given before changes: back to the first step that depends on it, and forward without doing things twice."""

from typing import Any

from bot.flows.engine.chart import Chart
from bot.flows.engine.run import Run
from bot.flows.engine.state import Frame
from bot.flows.model import Call, Collect, Step
from bot.flows.model import Run as Action

AGAIN = ""
"""Stands among a frame's changed slots once something was said or done again: a confirmation then is asked for anew."""


def correct(run: Run, index: int, slot: str, value: Any) -> None:
    """Changes a slot of the frame at this index; the frame goes back to the first step behind it that depends on it.

    What a later step of the same unit was called for is called again when the way leads there.
    """
    frame = run.frames[index]
    if value is None:
        frame.slots.pop(slot, None)
    run.put(frame, slot, value)
    chart = run.chart(frame)
    where = next((place for place, step in enumerate(frame.path) if slot in _read_by(run, chart, step)), None)
    if where is None:
        return
    _drop_called(run, index)
    if frame.was == [frame.step]:
        frame.was, frame.changed = [], []
    frame.was = [*frame.path[where:], *frame.was] if frame.was else [*frame.path[where:], frame.step]
    frame.changed = [*dict.fromkeys([*frame.changed, slot])]
    frame.step = frame.path[where]
    del frame.path[where:]
    frame.asked, frame.tries = False, 0
    frame.token = frame.until = None


def stands(run: Run, frame: Frame, step: Step) -> bool:
    """Whether what this step did before the correction still stands, so that it need not be done again."""
    does = step.does
    if isinstance(does, Collect) and does.slot in frame.changed:
        return True
    if step.id not in frame.was or step.id == frame.was[-1]:
        return False
    if isinstance(does, Collect):
        if AGAIN in frame.changed or does.ask is not None:
            return False
        return not run.chart(frame).reads[step.id] & set(frame.changed)
    changed = {*frame.changed} - {AGAIN}
    if isinstance(does, Action) and not does.action.startswith("utter_"):
        inputs = run.world.terms.inputs(does.action)
        return inputs is not None and not inputs & changed
    if isinstance(does, Call):
        return _call_stands(run, does.flow, changed)
    return not run.chart(frame).reads[step.id] & changed


def note_again(frame: Frame) -> None:
    """Something was said or done again."""
    if frame.was and AGAIN not in frame.changed:
        frame.changed.append(AGAIN)


def note_change(frame: Frame, slot: str) -> None:
    """A slot has another value than before the correction."""
    if frame.was and slot not in frame.changed:
        frame.changed.append(slot)


def fillable(run: Run, frame: Frame) -> set[str]:
    """The slots that a customer may fill or correct here: those asked for, also by the flows that this one calls."""
    charts, names, seen = [run.chart(frame)], set[str](), set[str]()
    while charts:
        chart = charts.pop()
        names |= chart.collected.keys()
        for name in chart.calls - seen:
            seen.add(name)
            called = run.world.definitions.flows.get(name)
            if called is not None:
                charts.append(run.hold(called))
    return names


def _read_by(run: Run, chart: Chart, step_id: str) -> set[str]:
    step = chart.steps.get(step_id)
    if step is None:
        return set()
    names = set(chart.reads[step_id])
    if isinstance(step.does, Action):
        names |= run.world.terms.inputs(step.does.action) or set()
    elif isinstance(step.does, Call):
        called = run.world.definitions.flows.get(step.does.flow)
        if called is not None:
            names |= set().union(*run.hold(called).reads.values())
    return names


def _call_stands(run: Run, name: str, changed: set[str]) -> bool:
    called = run.world.definitions.flows.get(name)
    if called is None:
        return True
    chart = run.hold(called)
    for step in chart.steps.values():
        if isinstance(step.does, Call) or chart.reads[step.id] & changed:
            return False
        if isinstance(step.does, Action) and not step.does.action.startswith("utter_"):
            inputs = run.world.terms.inputs(step.does.action)
            if inputs is None or inputs & changed:
                return False
    return True


def _drop_called(run: Run, index: int) -> None:
    """The frames that this one has called, which go with its way."""
    above = index + 1
    while above < len(run.frames) and run.frames[above].by == "call":
        above += 1
    del run.frames[index + 1 : above]

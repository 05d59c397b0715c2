"""A flow is started, with what the customer has said together with the wish; another one may have to wait meanwhile."""

from collections.abc import Sequence
from typing import Any

from bot.flows.engine.chart import fits
from bot.flows.engine.fill import asked_slot, fill_slot
from bot.flows.engine.parking import park
from bot.flows.engine.replan import fillable
from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import drop_patterns, drop_unit, top_wanted, wanted_units
from bot.flows.engine.state import Frame
from bot.flows.rendering import in_language

Given = Sequence[tuple[str, Any]]
"""Slots with their values."""


def start(run: Run, name: str, *, chosen: bool = False, given: Given = (), instead: bool = False) -> Steps[None]:
    """Starts a flow; one that is open already goes on, and none is started that is held back or not offered.

    Of what was ``given`` with it, what the flow and those that it calls ask their customer for is taken as answered,
    once their rejections let it pass; nothing of it reaches another flow. With ``instead`` what is going on is
    over, and what it has asked for already is not asked again.
    """
    flow = run.world.definitions.flows.get(name)
    if flow is None or not (flow.offered or chosen or run.state.about.removeprefix("flow:") in flow.after):
        say_stale(run)
        return
    for begin, stop in wanted_units(run):
        if any(frame.flow == name for frame in run.frames[begin:stop]):
            if stop == len(run.frames) and not given and _brings_nothing(run):
                run.say("utter_already_open", dialog_flow=run.name_of(run.frames[begin]))
            drop_patterns(run)
            run.frames.extend(_taken(run, (begin, stop)))
            for slot, value in given:
                if slot in fillable(run, run.frames[-(stop - begin)]):
                    yield from fill_slot(run, slot, value)
            return
    chart = run.charts.of(flow)
    if flow.guard is not None and not flow.guard.holds({**chart.initial, **run.state.slots}):
        run.say("utter_not_available", dialog_flow=in_language(flow.name, run.locale))
        run.came_to("none")
        return
    drop_patterns(run)
    if instead and (unit := top_wanted(run)) is not None:
        given = (*_answered(run, run.frames[unit[0]]), *given)
        told = {"dialog_flow": in_language(flow.name, run.locale), "dialog_below": run.name_of(run.frames[unit[0]])}
        drop_unit(run, unit)
        run.say("utter_instead", **told)
    if len(wanted_units(run)) >= run.world.terms.depth:
        yield from park(run, wanted_units(run)[0])
        run.say("utter_put_aside")
    interrupted = top_wanted(run)
    frame = run.push(flow, "user")
    if interrupted is not None:
        run.begun.append((frame, len(run.replies), run.name_of(run.frames[interrupted[0]])))
    _tell(run, frame, given)
    run.came_to("flow", name)


def _answered(run: Run, frame: Frame) -> Given:
    """What a customer has given a flow; a yes was one to that flow only."""
    slots = run.chart(frame).flow.slots
    asked = [(name, value) for name, value in frame.slots.items() if name in fillable(run, frame)]
    return [(name, value) for name, value in asked if value is not None and slots[name].type != "bool"]


def _brings_nothing(run: Run) -> bool:
    """Whether a question is as open as before."""
    asked = asked_slot(run)
    return asked is not None and run.frames[-1].slots.get(asked.name) is None


def _tell(run: Run, frame: Frame, given: Given) -> None:
    """What came with the wish is known before the first question; only a yes to what is yet to be asked is none."""
    open_here = fillable(run, frame) if given else set()
    for name, value in given:
        slot = run.chart(frame).flow.slots.get(name) or run.world.definitions.slots.get(name)
        if name in open_here and slot is not None and fits(slot, value):
            run.put(frame, name, value)
            if slot.type != "bool":
                run.told.add(name)


def announce(run: Run) -> None:
    """Says of a flow that waits for its customer now which other one it has interrupted."""
    for frame, place, below in run.begun:
        if run.runs(frame):
            body = run.say("utter_meanwhile", dialog_flow=run.name_of(frame), dialog_below=below)
            if body is not None:
                run.replies.insert(place, run.replies.pop())


def say_stale(run: Run) -> None:
    """A choice of long ago."""
    run.say("utter_stale_choice")
    run.came_to("none")


def _taken(run: Run, unit: tuple[int, int]) -> list[Any]:
    frames = run.frames[unit[0] : unit[1]]
    drop_unit(run, unit)
    return frames

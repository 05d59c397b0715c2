"""What follows a step and what follows a flow."""

from bot.flows.engine.run import Run
from bot.flows.engine.state import Frame
from bot.flows.model import END, Flow, Step
from bot.flows.rendering import in_language

PERSON = "talk_to_person"
"""The flow that asks what a person needs to know, and hands over."""


def advance(run: Run, frame: Frame, step: Step) -> None:
    """On to the first branch that holds; a step without one is the flow's last."""
    frame.visit(step.id)
    frame.asked, frame.tries = False, 0
    frame.step = _target(run, frame, step)
    if frame.was:
        if step.id == frame.was[-1]:
            frame.was.clear()
        elif step.id in frame.was:
            frame.was.remove(step.id)
        if not frame.was:
            frame.changed.clear()


def _target(run: Run, frame: Frame, step: Step) -> str:
    values = None
    for branch in step.next:
        if branch.when is None:
            return branch.to
        if values is None:
            values = run.values(frame)
        if branch.when.holds(values):
            return branch.to
    return END


def end(run: Run, frame: Frame, *, linked: bool = False) -> None:
    """The frame on top is over: back to whoever called it, or to what it interrupted."""
    run.frames.pop()
    chart = run.chart(frame)
    for name in chart.kept:
        if frame.slots.get(name) is not None:
            run.state.slots[name] = frame.slots[name]
    if linked:
        return
    below = run.top
    if frame.by == "call" and below is not None:
        step = run.chart(below).steps.get(below.step)
        if step is not None:
            advance(run, below, step)
        return
    if not run.speaks:
        run.stopped = True
    if frame.by == "user":
        run.state.done = True
        run.came_to("flow", frame.flow)
        if not run.speaks:
            return
        if below is None:
            run.push_pattern("pattern_completed", dialog_flow=in_language(chart.flow.name, run.locale))
        elif below.by != "pattern":
            offer_interrupted(run, len(run.frames))


def offer_interrupted(run: Run, index: int) -> None:
    """Puts the question whether the unit below ``index`` is to go on above it; it goes on by itself without one."""
    if index == 0 or run.frames[index - 1].by == "pattern":
        return
    flow = run.world.definitions.flows.get("pattern_continue_interrupted")
    if flow is not None:
        root = index - 1
        while root > 0 and run.frames[root].by == "call":
            root -= 1
        chart = run.hold(flow)
        slots = {"dialog_flow": run.name_of(run.frames[root])}
        run.frames.insert(index, Frame(flow.id, flow.content_hash, chart.first, "pattern", slots))


def hand_over(run: Run) -> None:
    """A person takes over, where no flow is left that would say so; the bot says nothing more in this turn."""
    if run.speaks:
        run.owner = "queue"
        run.came_to("hand_over")
        run.say("utter_hand_over")
    run.state.told_to_wait, run.state.lost = False, 0
    run.stopped = True


def go_over(run: Run, frame: Frame, flow: Flow) -> None:
    """Another flow takes the place of the frame on top; whoever waits for the one waits for the other.

    What a pattern is about (the article that was answered with, for instance) goes along.
    """
    slots = frame.slots
    told = {name: value for name, value in slots.items() if name.startswith("dialog_")}
    end(run, frame, linked=True)
    linked = run.push(flow, "pattern" if flow.id.startswith("pattern_") and frame.by == "user" else frame.by)
    if frame.by == "call":
        linked.slots = slots
    elif frame.by == "pattern":
        linked.slots.update(told)

"""Goes from step to step until something has to be waited for, or nothing is left to do."""

from dataclasses import replace

from bot.flows.engine.act import act
from bot.flows.engine.ends import advance, end, go_over, hand_over
from bot.flows.engine.replan import stands
from bot.flows.engine.run import Question, Run, Steps, TooManySteps
from bot.flows.engine.stack import root_of
from bot.flows.engine.state import Frame
from bot.flows.model import Call, Collect, Link, SetSlots, Step
from bot.flows.model import Run as Action
from bot.flows.rendering import MISSING


def walk(run: Run, floor: int = 0) -> Steps[None]:
    """Runs the frames above ``floor``. A flow that goes round in circles ends with an apology and a person."""
    try:
        yield from _walk(run, floor)
    except TooManySteps:
        del run.frames[root_of(run, len(run.frames) - 1) :]
        run.steps = 0
        try:
            if run.push_pattern("pattern_internal_error"):
                yield from _walk(run, len(run.frames) - 1)
        except TooManySteps:
            del run.frames[root_of(run, len(run.frames) - 1) :]
        run.came_to("failed")
        hand_over(run)


def play(run: Run, pattern: str, **slots: object) -> Steps[bool]:
    """Runs a pattern to its end, or until it asks something; false where the definitions lack it."""
    if not run.push_pattern(pattern, **slots):
        return False
    yield from walk(run, len(run.frames) - 1)
    return True


def _walk(run: Run, floor: int) -> Steps[None]:
    while len(run.frames) > floor and not run.stopped:
        frame = run.frames[-1]
        if frame.token is not None:
            return
        run.count_step()
        step = run.chart(frame).steps.get(frame.step)
        if step is None:
            end(run, frame)
        elif isinstance(step.does, Collect):
            if frame.by != "pattern":
                run.came_to("flow", run.frames[root_of(run, len(run.frames) - 1)].flow)
            if (yield from _collect(run, frame, step, step.does)):
                return
        elif isinstance(step.does, Action):
            yield from act(run, frame, step, step.does.action)
        else:
            _carry_out(run, frame, step)


def _carry_out(run: Run, frame: Frame, step: Step) -> None:
    """What needs nobody else."""
    does = step.does
    if isinstance(does, SetSlots):
        for name, value in does.values.items():
            run.put(frame, name, value)
        advance(run, frame, step)
    elif isinstance(does, Link):
        _link(run, frame, does.flow)
    elif isinstance(does, Call):
        if stands(run, frame, step):
            advance(run, frame, step)
        else:
            _call(run, does.flow)
    else:
        advance(run, frame, step)


def _link(run: Run, frame: Frame, name: str) -> None:
    """The flow is over; the other one takes its place. Without it a person does."""
    flow = run.world.definitions.flows.get(name)
    if flow is None:
        run.came_to("failed")
        run.frames.pop()
        hand_over(run)
    else:
        go_over(run, frame, flow)


def _call(run: Run, name: str) -> None:
    flow = run.world.definitions.flows.get(name)
    if flow is None:
        run.came_to("failed")
        hand_over(run)
    else:
        run.push(flow, "call")


def _collect(run: Run, frame: Frame, step: Step, does: Collect) -> Steps[bool]:
    """Whether an answer has to be waited for."""
    slot = does.slot
    if slot in frame.slots and frame.slots[slot] is None:
        advance(run, frame, step)
        return False
    told = slot in run.told
    run.told.discard(slot)
    if does.ask_before_filling and not frame.asked and not told and not stands(run, frame, step):
        run.put(frame, slot, None)
    value = _value(run, frame, does)
    if value is not None:
        values = {**run.values(frame), slot: value}
        rejection = next((one for one in does.rejections if one.when.holds(values)), None)
        if rejection is None:
            advance(run, frame, step)
            return False
        run.say(rejection.utter, frame)
        run.put(frame, slot, None)
        frame.asked = True
        frame.tries += 1
        if frame.tries % run.world.terms.tries == 0 and offer_help(run, frame):
            return False
    if frame.asked and run.question is not None and (run.question.frame, run.question.step) == (frame, step.id):
        _ask_last(run, run.question)
        return True
    said = len(run.replies)
    waits = yield from _ask(run, frame, step, does)
    if waits:
        run.question = Question(frame, step.id, said, len(run.replies))
    return waits


def _ask_last(run: Run, question: Question) -> None:
    """A question that this turn has asked already is not asked twice: it goes behind what was said since."""
    asked = run.replies[question.begin : question.end]
    del run.replies[question.begin : question.end]
    run.question = replace(question, begin=len(run.replies), end=len(run.replies) + len(asked))
    run.replies += asked


def offer_help(run: Run, frame: Frame) -> bool:
    """After several answers that could not be taken: ways out of the question."""
    name = run.name_of(frame)
    skip = frame.step in run.chart(frame).steps and _may_skip(run, frame)
    return run.push_pattern("pattern_collect_information", dialog_flow=name, dialog_may_skip=skip)


def _may_skip(run: Run, frame: Frame) -> bool:
    does = run.chart(frame).steps[frame.step].does
    return isinstance(does, Collect) and (does.slot in run.chart(frame).skippable or "skip" in run.offered)


def _value(run: Run, frame: Frame, does: Collect) -> object:
    """What is known; an initial value counts only where nobody has been asked."""
    known = frame.slots.get(does.slot, run.state.slots.get(does.slot))
    if known is None and not frame.asked and not does.ask_before_filling:
        return run.chart(frame).initial.get(does.slot)
    return known


def _ask(run: Run, frame: Frame, step: Step, does: Collect) -> Steps[bool]:
    frame.asked = True
    if does.ask is not None:
        said = len(run.replies)
        if not (yield from act(run, frame, step, does.ask, asking=True)):
            return False
        if frame.slots.get(does.slot) is not None:
            return False
        if len(run.replies) > said:
            return True
    elif does.utter is not None and run.say(does.utter, frame) is not None:
        return True
    run.utter({"text": MISSING})
    return True

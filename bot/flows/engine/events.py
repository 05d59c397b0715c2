"""What happens without a word of the customer: silence, results from outside, news of a case."""

from bot.flows.engine.act import fail, resume
from bot.flows.engine.ends import PERSON, hand_over
from bot.flows.engine.fill import asked_slot
from bot.flows.engine.parking import park
from bot.flows.engine.results import result_in
from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import drop_patterns, top_wanted, wanted_units
from bot.flows.engine.walk import play, walk

EARLY_S = 2
"""A wake-up that comes this much before its time is one all the same."""


def happen(run: Run, event: str) -> Steps[None]:
    """Follows an event. What nobody has a pattern for changes nothing."""
    if event == "silence":
        yield from _silence(run)
    elif event == "action_result":
        yield from _result(run)
    else:
        yield from _news(run, event)


def plan_wake(run: Run) -> None:
    """When silence is next of interest."""
    if not run.speaks or run.close or run.wake_s is not None:
        return
    terms = run.world.terms
    waiting = [frame.until for frame in run.frames if frame.until is not None]
    if waiting:
        run.wake_s = max(1, min(waiting) - run.now_s)
    elif run.frames:
        reminds = _worth_a_reminder(run) and not run.state.reminded
        run.wake_s = terms.remind_s if reminds else max(1, terms.park_s - terms.remind_s * run.state.reminded)
    elif run.state.done:
        run.wake_s = terms.close_s


def _worth_a_reminder(run: Run) -> bool:
    unit = top_wanted(run)
    return unit is not None and run.chart(run.frames[unit[0]]).flow.parks


def _silence(run: Run) -> Steps[None]:
    """Reminds once, then puts aside what is open, then asks how it was where that is due, then closes."""
    if not run.speaks:
        return
    terms = run.world.terms
    late = next((one for one in run.frames if one.until is not None and one.until <= run.now_s + EARLY_S), None)
    if late is not None:
        late.token = late.until = None
        fail(run, late)
        yield from walk(run)
        return
    if any(frame.token for frame in run.frames):
        return
    if run.frames:
        due = terms.remind_s if _worth_a_reminder(run) and not run.state.reminded else terms.park_s
        quiet = run.now_s - run.state.heard
        if run.state.heard and quiet < due - EARLY_S:
            run.wake_s = due - quiet
            return
        if _worth_a_reminder(run) and not run.state.reminded:
            run.state.reminded = True
            yield from _remind(run)
            return
        if (yield from _put_aside(run)):
            return
    yield from _finish(run)


def _remind(run: Run) -> Steps[None]:
    unit = top_wanted(run)
    if unit is None or asked_slot(run) is None:
        return
    yield from play(run, "pattern_silence", dialog_flow=run.name_of(run.frames[unit[0]]), dialog_parked=False)
    yield from walk(run)


def _put_aside(run: Run) -> Steps[bool]:
    """Parks what is open; who wanted a person and did not say why gets the person."""
    wants_person = any(frame.flow == PERSON for frame in run.frames)
    drop_patterns(run)
    names = []
    for _ in wanted_units(run):
        unit = wanted_units(run)[-1]
        name = run.name_of(run.frames[unit[0]])
        if (yield from park(run, unit)):
            names.append(name)
    run.frames.clear()
    run.state.reminded, run.state.done = False, True
    if names:
        yield from play(run, "pattern_silence", dialog_flow=names[0], dialog_parked=True)
    if wants_person:
        hand_over(run)
    return bool(names) or wants_person


def _finish(run: Run) -> Steps[None]:
    if run.state.done and not run.state.surveyed and not run.state.parked:  # what was put aside is not resolved
        run.state.surveyed = True
        yield from play(run, "pattern_resolved")
        if run.frames:
            run.state.heard = run.now_s
            return
    run.close = True


def _result(run: Run) -> Steps[None]:
    """A result that nobody waits for any more is not followed."""
    token, result = result_in(run.inbound.body)
    frame = next((one for one in run.frames if one.token and one.token == token), None)
    run.came_to("waiting")
    if frame is None:
        return
    was_top = run.top is frame
    resume(run, frame, result)
    if run.speaks and (was_top or result.failed is not None):
        yield from walk(run)
    elif not run.speaks:
        run.replies.clear()


def _news(run: Run, event: str) -> Steps[None]:
    """Starts the pattern of that name; its slots are what is known. Whoever speaks, news of the house are told."""
    flow = run.world.definitions.flows.get(f"pattern_{event}")
    run.came_to("waiting")
    if flow is None:
        return
    if event == "resolved":
        run.frames.clear()
        run.owner = "bot"
        run.state.surveyed = run.state.done = True
        run.state.told_to_wait = False
    known = {name: value for name, value in run.inbound.body.items() if name in flow.slots}
    said = len(run.replies)
    yield from play(run, flow.id, **known)
    if run.speaks and len(run.replies) > said:
        run.state.heard = run.now_s
        yield from walk(run)

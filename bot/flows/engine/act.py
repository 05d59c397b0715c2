"""One action: something said, something the engine does itself, or something that handlers do."""

from hashlib import blake2b
from math import ceil

from bot.domain.decision import ActionResult
from bot.flows.engine.builtin import BUILTIN, START
from bot.flows.engine.ends import advance, go_over, hand_over
from bot.flows.engine.replan import note_again, note_change, stands
from bot.flows.engine.run import Run, Steps, carry_out
from bot.flows.engine.stack import root_of
from bot.flows.engine.state import Frame
from bot.flows.model import Step
from bot.flows.rendering import MISSING


def act(run: Run, frame: Frame, step: Step, action: str, *, asking: bool = False) -> Steps[bool]:
    """Carries out an action; false when it failed or its result is to come. An ``asking`` one stays in its step."""
    if not asking and stands(run, frame, step):
        advance(run, frame, step)
        return True
    note_again(frame)
    if action.startswith("utter_"):
        if run.say(action, frame) is None:
            run.utter({"text": MISSING})
    elif action in BUILTIN:
        if (rest := BUILTIN[action](run, frame)) is not None:
            yield from rest
    elif action.startswith(START):
        if _go_over(run, frame, action.removeprefix(START)):
            return True
    elif action in run.world.terms.after_commit and not asking:
        _send_out(run, frame, step, action)
        return False
    elif not apply(run, frame, (yield from carry_out(run.call(action, frame)))):
        return False
    if not asking and run.runs(frame):
        _go_on(run, frame, step)
    return True


def apply(run: Run, frame: Frame, result: ActionResult) -> bool:
    """Takes over what an action did; false when it failed, and then a person is asked."""
    if result.failed is not None:
        fail(run, frame)
        return False
    for name, value in result.slots.items():
        before = run.values(frame).get(name)
        run.put(frame, name, value)
        if run.values(frame).get(name) != before:
            note_change(frame, name)
    for said in result.said:
        body = run.say(said.response, frame, **said.values) if said.response is not None else None
        if body is None:
            body = run.utter(said.body or {"text": MISSING})
        if said.choices:
            body["choices"] = [*(dict(choice) for choice in said.choices), *body.get("choices", ())]
    if result.follow_up is not None:
        run.follow_up = result.follow_up
    return True


def fail(run: Run, frame: Frame) -> None:
    """An action failed: an apology and a person. The flow stays where it was, should the customer come back to it."""
    run.came_to("failed")
    root = next((index for index, one in enumerate(run.frames) if one is frame), None)
    if root is not None and run.frames[root_of(run, root)].flow == "pattern_internal_error":
        del run.frames[root_of(run, root) :]
        hand_over(run)
    elif not run.push_pattern("pattern_internal_error"):
        hand_over(run)


def _go_over(run: Run, frame: Frame, name: str) -> bool:
    """Goes over to a flow that may be missing or held back, then false: the next step is what is done without it."""
    flow = run.world.definitions.flows.get(name)
    if flow is None or run.top is not frame or any(one.flow == name for one in run.frames):
        return False
    chart = run.hold(flow)
    if flow.guard is not None and not flow.guard.holds({**chart.initial, **run.values(frame)}):
        return False
    go_over(run, frame, flow)
    return True


def resume(run: Run, frame: Frame, result: ActionResult) -> None:
    """The result of an action outside the turn has come."""
    frame.token = frame.until = None
    step = run.chart(frame).steps.get(frame.step)
    if apply(run, frame, result) and step is not None:
        _go_on(run, frame, step)


def _go_on(run: Run, frame: Frame, step: Step) -> None:
    """What an action wants started is called: its end goes on from this step."""
    wanted, run.follow_up = run.follow_up, None
    flow = run.world.definitions.flows.get(wanted) if wanted else None
    if flow is not None and run.top is frame:
        run.push(flow, "call")
    else:
        advance(run, frame, step)


def _send_out(run: Run, frame: Frame, step: Step, action: str) -> None:
    """The token is the same whenever this turn is decided again, and another one in every other turn."""
    seed = f"{run.inbound.account}\n{run.inbound.external_id}\n{frame.flow}\n{step.id}\n{run.steps}"
    frame.token = blake2b(seed.encode(), digest_size=12).hexdigest()
    frame.until = run.now_s + ceil(run.world.terms.action_s)
    run.after_commit.append((frame.token, run.call(action, frame)))
    run.came_to("flow", frame.flow)
    if frame.by != "pattern":
        run.say("utter_takes_a_moment", frame)

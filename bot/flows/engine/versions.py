"""A conversation goes on with the version of a flow that it began with, or where a newer one says that it may move."""

from collections.abc import Mapping, Sequence

from bot.domain.decision import FlowWanted
from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import drop_unit, restart, units
from bot.flows.engine.state import Frame
from bot.flows.model import END, Flow

SHORTEST_HASH = 8


def settle(run: Run, frames: Sequence[Frame]) -> Steps[None]:
    """Has the version of each frame at hand. One that nobody has any more begins anew with what still fits."""
    for frame in frames:
        current = run.world.definitions.flows.get(frame.flow)
        if current is not None and current.content_hash == frame.hash:
            chart = run.hold(current)
        elif current is not None and (moves := _moves(current, frame.hash)) is not None:
            frame.step = moves.get(frame.step, frame.step)
            frame.path = [moves.get(step, step) for step in frame.path]
            frame.was = [moves.get(step, step) for step in frame.was]
            frame.hash = current.content_hash
            chart = run.hold(current)
        elif (old := (yield from _old(run, frame))) is not None:
            chart = run.hold(old)
        elif current is not None:
            frame.hash = current.content_hash
            run.hold(current)
            restart(run, frame)
            run.say("utter_flow_changed", dialog_flow=run.name_of(frame))
            continue
        else:
            _drop(run, frame)
            continue
        if frame.step not in chart.steps and frame.step != END:
            restart(run, frame)


def _moves(current: Flow, content_hash: str) -> Mapping[str, str] | None:
    for start, moves in current.moves.items():
        if len(start) >= SHORTEST_HASH and content_hash.startswith(start):
            return moves
    return None


def _old(run: Run, frame: Frame) -> Steps[Flow | None]:
    known = run.charts.known(frame.flow, frame.hash)
    if known is not None:
        return known.flow
    document = yield FlowWanted(frame.hash)
    flow = run.world.revive(document) if isinstance(document, Mapping) else None
    return flow if flow is not None and (flow.id, flow.content_hash) == (frame.flow, frame.hash) else None


def _drop(run: Run, frame: Frame) -> None:
    place = next((index for index, one in enumerate(run.frames) if one is frame), None)
    if place is None:
        return
    unit = next(unit for unit in units(run) if unit[0] <= place < unit[1])
    if frame.by != "pattern":
        run.say("utter_flow_gone")
    drop_unit(run, unit)

"""Flows that are put aside for the customer's next visit, on any channel.

The store does it by three actions, whose slots are:

``action_park_flow``     is given ``parked_flow`` (an id) and ``parked_document`` (JSON), keeps them for the contact and
                         answers with ``parked_id``
``action_find_parked``   answers with ``parked_id`` and ``parked_flow`` of what was parked last, or without
``action_take_parked``   is given ``parked_id``, claims it for this conversation and answers with ``parked_document``;
                         without one when another conversation was faster
"""

from typing import Any

from bot.flows.engine.run import Run, Steps, carry_out
from bot.flows.engine.stack import drop_unit, given_in, unit_document
from bot.flows.engine.state import Frame, frame_from
from bot.flows.engine.versions import settle

PARK, FIND, TAKE = "action_park_flow", "action_find_parked", "action_take_parked"


def park(run: Run, unit: tuple[int, int]) -> Steps[bool]:
    """Puts a unit aside and takes it off the stack; false where there was nothing to keep, or it could not be."""
    root = run.frames[unit[0]]
    keep = run.chart(root).flow.parks and given_in(run, unit)
    if keep:
        slots = {"parked_flow": root.flow, "parked_document": unit_document(run, unit)}
        result = yield from carry_out(run.call(PARK, root, slots))
        keep = result.failed is None
        if keep and (parked := result.slots.get("parked_id")) is not None:
            # Who comes back before the conversation is closed is asked at once, as on the next visit.
            run.state.parked = {"id": str(parked), "flow": root.flow}
    drop_unit(run, unit)
    return keep


def find_parked(run: Run) -> Steps[None]:
    """Asks once, when a conversation begins, what waits for its customer."""
    result = yield from carry_out(run.call(FIND, slots={}))
    parked, flow = result.slots.get("parked_id"), result.slots.get("parked_flow")
    if result.failed is None and parked is not None and flow is not None:
        run.state.parked = {"id": str(parked), "flow": str(flow)}


def take_parked(run: Run, pattern: Frame) -> Steps[bool]:
    """Takes up what was parked, below the pattern that has asked; false where it is gone."""
    parked = run.values(pattern).get("parked_id")
    result = yield from carry_out(run.call(TAKE, pattern, {"parked_id": parked}))
    frames = _frames_of(result.slots.get("parked_document"))
    if result.failed is not None or not frames:
        return False
    place = next(index for index, frame in enumerate(run.frames) if frame is pattern)
    begun = place - 1
    if begun >= 0 and run.frames[begun].flow == frames[0].flow and run.frames[begun].by == "user":
        del run.frames[begun]
        place = begun
    run.frames[place:place] = frames
    yield from settle(run, frames)
    return any(frame is frames[0] for frame in run.frames)


def _frames_of(document: Any) -> list[Frame]:
    stored = document.get("frames") if isinstance(document, dict) else None
    frames = [frame_from(one) for one in stored] if isinstance(stored, list) else []
    whole = [frame for frame in frames if frame is not None]
    if not whole or len(whole) != len(frames) or whole[0].by != "user" or any(one.by != "call" for one in whole[1:]):
        return []
    for frame in whole[1:]:
        frame.slots = whole[0].slots
    return whole

"""What a turn needs to know of a flow, worked out once when it is first met."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.flows.model import Call, Collect, Flow, Response, Run, Slot, Step, Values

PLACEHOLDER = re.compile(r"\{(\w+)\}")
MAX_KEPT = 512


@dataclass(frozen=True, slots=True)
class Chart:
    """``collected`` are the slots that customers may fill, with their question; ``fillable`` those of them that the
    flow declares; ``skippable`` those questions they may leave open.

    ``kept`` are the slots that outlive the flow, ``initial`` those that are set from the start; ``reads`` says which
    slots a step looks at, as far as that can be known; ``calls`` are the flows that it calls.
    """

    flow: Flow
    steps: Mapping[str, Step]
    first: str
    collected: Mapping[str, Collect]
    fillable: Mapping[str, Slot]
    skippable: frozenset[str]
    kept: frozenset[str]
    initial: Values
    reads: Mapping[str, frozenset[str]]
    calls: frozenset[str]


class Charts:
    """The charts of the flows met so far; bounded, since old versions come and go."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], Chart] = {}

    def of(self, flow: Flow) -> Chart:
        """The chart of this version of the flow."""
        key = (flow.id, flow.content_hash)
        chart = self._of.get(key)
        if chart is None:
            if len(self._of) >= MAX_KEPT:
                self._of.clear()
            chart = self._of[key] = draw(flow)
        return chart

    def known(self, flow: str, content_hash: str) -> Chart | None:
        """The chart of a version that has been met."""
        return self._of.get((flow, content_hash))


def draw(flow: Flow) -> Chart:
    """Works the chart out."""
    collected = {step.does.slot: step.does for step in flow.steps if isinstance(step.does, Collect)}
    return Chart(
        flow=flow,
        steps={step.id: step for step in flow.steps},
        first=flow.steps[0].id if flow.steps else "",
        collected=collected,
        fillable={name: flow.slots[name] for name in collected if name in flow.slots},
        skippable=frozenset(name for name, collect in collected.items() if _may_be_skipped(flow, collect)),
        kept=flow.persisted_slots
        | {name for name, collect in collected.items() if not collect.reset_after_flow_ends}
        | {slot.name for slot in flow.slots.values() if slot.persisted},
        initial={slot.name: slot.initial for slot in flow.slots.values() if slot.initial is not None},
        reads={step.id: _reads(flow, step) for step in flow.steps},
        calls=frozenset(step.does.flow for step in flow.steps if isinstance(step.does, Call)),
    )


def fits(slot: Slot | None, value: Any) -> bool:
    """Whether a value is one of this slot's type; ``None`` never is."""
    if slot is None or value is None:
        return False
    if slot.type == "categorical":
        return isinstance(value, str) and value in slot.values
    if slot.type == "bool":
        return isinstance(value, bool)
    if slot.type == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if slot.type == "text":
        return isinstance(value, str)
    return isinstance(value, list) if slot.type == "list" else True


def _may_be_skipped(flow: Flow, collect: Collect) -> bool:
    """A question may be skipped whose slot has a value ``none``, or whose wording offers it by a button ``/skip``."""
    slot = flow.slots.get(collect.slot)
    if slot is not None and "none" in slot.values:
        return True
    response = flow.responses.get(collect.utter) if collect.utter else None
    return response is not None and any(
        button.payload == "/skip" for variant in response.variants for button in variant.buttons
    )


def _reads(flow: Flow, step: Step) -> frozenset[str]:
    read = {name for branch in step.next if branch.when for name in branch.when.reads}
    does = step.does
    if isinstance(does, Collect):
        read.add(does.slot)
        read |= {name for rejection in does.rejections for name in rejection.when.reads}
        read |= said_of(flow.responses.get(does.utter) if does.utter else None)
    elif isinstance(does, Run) and does.action.startswith("utter_"):
        read |= said_of(flow.responses.get(does.action))
    return frozenset(read)


def said_of(response: Response | None) -> set[str]:
    """The slots that a response speaks of."""
    read: set[str] = set()
    for variant in response.variants if response else ():
        read |= {name for text in variant.text.values() for name in PLACEHOLDER.findall(text)}
        read |= variant.when.reads if variant.when else set()
    return read

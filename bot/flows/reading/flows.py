"""Flows as a file has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.flows.model import END, Condition, Step
from bot.flows.reading.faults import Faults, Place
from bot.flows.reading.gathering import Item
from bot.flows.reading.nodes import Mapping as MappingNode
from bot.flows.reading.nodes import Scalar
from bot.flows.reading.responses import read_condition
from bot.flows.reading.shape import LOCALES, Shape, shape_of, texts, words
from bot.flows.reading.steps import Known, Steps

PATTERN = "pattern_"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_HASH = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a flow; ``threshold`` is how sure the matcher has to be, where the file says so."""

    intent: str
    flow: str
    threshold: float | None
    place: Place


@dataclass(frozen=True, slots=True)
class Draft:
    """A flow before its slots and responses are put together."""

    id: str
    name: Mapping[str, str]
    description: str
    guard: Condition | None
    steps: tuple[Step, ...]
    persisted_slots: frozenset[str]
    triggers: tuple[Trigger, ...]
    source: str
    offered: bool
    parks: bool
    keeps: bool
    after: frozenset[str] = frozenset()
    moves: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_flow(item: Item, known: Known, intents: frozenset[str], faults: Faults) -> Draft | None:
    """One flow."""
    if not _NAME.fullmatch(item.name):
        faults.add(item.place, item.name, "name_of_flow")
    shape = shape_of(item.node, item.name, faults)
    if shape is None:
        return None
    pattern = item.name.startswith(PATTERN)
    name = texts(shape, "name") if shape.has("name") or not pattern else dict.fromkeys(LOCALES, item.name)
    source = shape.scalar("if")
    guard = read_condition(source, known.slots, faults) if source is not None else None
    listed = shape.sequence("steps")
    if not shape.has("steps"):
        faults.add(item.place, "steps", "key_missing")
    steps = Steps(known, faults).read(listed) if listed is not None else ()
    persisted = _persisted(shape, known)
    triggers = tuple(_triggers(shape, item.name, intents))
    offered, parks, keeps, after, moves = _ours(shape, pattern, steps, known.flows)
    description = shape.text("description") or ""
    shape.finish()
    return Draft(
        item.name,
        name,
        description,
        guard,
        steps,
        persisted,
        triggers,
        item.place.file,
        offered,
        parks,
        keeps,
        after,
        moves,
    )


def _persisted(shape: Shape, known: Known) -> frozenset[str]:
    node = shape.node("persisted_slots")
    names = words(node, "persisted_slots", shape.faults) if node is not None else ()
    for name in names:
        if name not in known.slots:
            shape.faults.add(shape.at("persisted_slots"), name, "slot_undefined")
    return frozenset(names)


def _triggers(shape: Shape, flow: str, intents: frozenset[str]) -> list[Trigger]:
    found = []
    listed = shape.sequence("nlu_trigger")
    for node in listed.items if listed is not None else ():
        place, name, threshold = node.place, None, None
        if isinstance(node, Scalar):
            name = node.text
        elif (entry := shape_of(node, "nlu_trigger", shape.faults)) is not None:
            holder, key = entry, "intent"
            if isinstance(entry.node("intent"), MappingNode):
                inner = entry.inner("intent")
                holder, key = inner or entry, "name"
            name, threshold = holder.needed(key), _threshold(holder)
            holder.finish()
            if holder is not entry:
                entry.finish()
        if name and name not in intents:
            shape.faults.add(place, name, "intent_undefined")
        if name:
            found.append(Trigger(name, flow, threshold, place))
    return found


def _threshold(shape: Shape) -> float | None:
    scalar = shape.scalar("confidence_threshold")
    if scalar is None:
        return None
    if isinstance(scalar.value, bool) or not isinstance(scalar.value, int | float) or not 0 <= scalar.value <= 1:
        shape.faults.add(scalar.place, "confidence_threshold", "threshold")
        return None
    return float(scalar.value)


def _ours(
    shape: Shape, pattern: bool, steps: tuple[Step, ...], flows: frozenset[str]
) -> tuple[bool, bool, bool, frozenset[str], Mapping[str, Mapping[str, str]]]:
    ours = shape.inner("yingda")
    if ours is None:
        return not pattern, not pattern, False, frozenset(), {}
    offered, parks = ours.flag("offered", not pattern), ours.flag("parks", not pattern)
    keeps = ours.flag("keeps", False)
    node = ours.node("after")
    after = frozenset(words(node, "after", ours.faults) if node is not None else ())
    for name in sorted(after - flows):
        ours.faults.add(ours.at("after"), name, "flow_undefined")
    moves: dict[str, dict[str, str]] = {}
    known = {END, *(step.id for step in steps)}
    versions = ours.inner("moves")
    for version in versions.mapping.entries if versions is not None else ():
        moved = versions.inner(version) if versions is not None else None
        if not _HASH.fullmatch(version):
            ours.faults.add(versions.at(version) if versions else ours.place, version, "version")
        for old in moved.mapping.entries if moved is not None else ():
            new = moved.needed(old) if moved is not None else ""
            if new and new not in known:
                ours.faults.add(moved.at(old) if moved else ours.place, new, "step_undefined")
            moves.setdefault(version, {})[old] = new
    ours.finish()
    return offered, parks, keeps, after, moves

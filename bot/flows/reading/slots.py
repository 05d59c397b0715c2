"""Slots as a file has them."""

import re
from dataclasses import replace
from typing import Any, get_args

from bot.flows.model import Slot, SlotType, Takes
from bot.flows.reading.faults import Faults
from bot.flows.reading.gathering import Item
from bot.flows.reading.nodes import Node, Scalar, Sequence
from bot.flows.reading.shape import LOCALES, Shape, json_of, shape_of, words

TYPES: tuple[SlotType, ...] = get_args(SlotType)
TAKES: tuple[Takes, ...] = get_args(Takes)
KINDS = frozenset(
    {"phone", "email", "date", "time", "order", "number", "address", "name", "rating", "files", "money", "free"}
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_VALUE = object()
_SCALE = (1, 5)


def read_slot(item: Item, faults: Faults) -> Slot | None:
    """One slot; ``None`` when it is too wrong to be referred to."""
    if not _NAME.fullmatch(item.name):
        faults.add(item.place, item.name, "name_of_slot")
    shape = shape_of(item.node, item.name, faults)
    if shape is None:
        return None
    kind = shape.needed("type")
    slot_type = next((each for each in TYPES if each == kind), None)
    if slot_type is None:
        if kind:
            faults.add(shape.at("type"), kind, "slot_type", types=", ".join(TYPES))
        slot_type = "any"
    values = _values(shape, slot_type)
    ours = shape.inner("yingda")
    slot = Slot(item.name, slot_type, persisted=shape.flag("persisted", False), values=values)
    if ours is not None:
        slot = replace(slot, **_meaning(ours, values))
    if (node := shape.node("initial_value")) is not None:
        slot = replace(slot, initial=value_for(slot, node, faults))
    shape.finish()
    return slot


def value_for(slot: Slot, node: Node, faults: Faults) -> Any:
    """The value of a node for a slot; a value that the slot cannot have is noted, and ``None`` is returned."""
    value = _converted(slot, node)
    if value is _NO_VALUE:
        allowed = ", ".join(slot.values) if slot.type == "categorical" else slot.type
        shown = node.text if isinstance(node, Scalar) else "…"
        faults.add(node.place, slot.name, "slot_value", value=shown, allowed=allowed)
        return None
    return value


def fits(slot: Slot, value: Any) -> bool:
    """Whether the slot can have this value."""
    match slot.type:
        case "text":
            return isinstance(value, str)
        case "categorical":
            return value in slot.values
        case "bool":
            return isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "list":
            return isinstance(value, list)
        case "any":
            return True


def _converted(slot: Slot, node: Node) -> Any:
    value = json_of(node)
    if value is None:
        return None
    if isinstance(node, Scalar) and slot.type in ("text", "categorical"):
        value = node.text
    return value if fits(slot, value) else _NO_VALUE


def _values(shape: Shape, slot_type: SlotType) -> dict[str, dict[str, tuple[str, ...]]]:
    listed = shape.node("values")
    if slot_type != "categorical":
        if listed is not None:
            shape.faults.add(shape.at("values"), "values", "values_of_categorical")
        return {}
    if not isinstance(listed, Sequence) or not listed.items:
        shape.faults.add(shape.at("values"), "values", "values_missing")
        return {}
    return {value: dict.fromkeys(LOCALES, (value,)) for value in words(listed, "values", shape.faults)}


def _meaning(ours: Shape, values: dict[str, dict[str, tuple[str, ...]]]) -> dict[str, Any]:
    """What is ours of a slot; ``values`` get their wordings."""
    kind = ours.text("kind") or "free"
    if kind not in KINDS:
        ours.faults.add(ours.at("kind"), kind, "slot_kind", kinds=", ".join(sorted(KINDS)))
        kind = "free"
    past, year, scale = ours.flag("past", False), ours.flag("year", False), _scale(ours)
    said = ours.text("takes") or ""
    takes = next((each for each in TAKES if each == said), None)
    if takes is None:
        ours.faults.add(ours.at("takes"), said, "slot_takes", kinds=", ".join(TAKES[1:]))
        takes = ""
    for key, needed in (("past", "date"), ("year", "date"), ("scale", "rating"), ("takes", "free")):
        if ours.has(key) and kind != needed:
            ours.faults.add(ours.at(key), key, "of_kind", kind=needed)
    labels = ours.inner("labels")
    if labels is not None:
        for value in labels.mapping.entries:
            if value not in values:
                labels.node(value)
                ours.faults.add(labels.at(value), value, "label_of_nothing")
            elif (wordings := labels.inner(value)) is not None:
                values[value] = _wordings(wordings)
        for value in values.keys() - labels.mapping.entries.keys():
            ours.faults.add(labels.place, value, "label_missing")
    ours.finish()
    return {"kind": kind, "past": past, "scale": scale, "takes": takes, "year": year}


def _scale(ours: Shape) -> tuple[int, int]:
    listed = ours.sequence("scale")
    if listed is None:
        return _SCALE
    ends = json_of(listed)
    if len(ends) != 2 or any(type(end) is not int for end in ends) or not ends[0] < ends[1]:
        ours.faults.add(listed.place, "scale", "scale")
        return _SCALE
    return ends[0], ends[1]


def _wordings(shape: Shape) -> dict[str, tuple[str, ...]]:
    found = {}
    for locale in LOCALES:
        node = shape.node(locale)
        found[locale] = words(node, locale, shape.faults) if node is not None else ()
        if not found[locale]:
            shape.faults.add(shape.place, "labels", "language_missing", locale=locale)
    shape.finish()
    return found

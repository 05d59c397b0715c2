"""Responses as a file has them."""

import re
from collections.abc import Mapping
from typing import Any

from bot.flows.conditions import ConditionFault, parse_condition
from bot.flows.model import Button, Condition, Response, Slot, Variant
from bot.flows.reading.faults import Faults
from bot.flows.reading.gathering import Item
from bot.flows.reading.nodes import Node, Scalar, Sequence
from bot.flows.reading.payloads import is_link, parse_payload
from bot.flows.reading.shape import Shape, shape_of, texts

_NAME = re.compile(r"utter_[A-Za-z0-9_]+")
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_response(item: Item, slots: Mapping[str, Slot], faults: Faults) -> Response | None:
    """One response with its variants; ``None`` when it has none that can be said."""
    if not _NAME.fullmatch(item.name):
        faults.add(item.place, item.name, "name_of_response")
    if not isinstance(item.node, Sequence) or not item.node.items:
        faults.add(item.place, item.name, "expected_list")
        return None
    variants = [_variant(node, item.name, slots, faults) for node in item.node.items]
    said = tuple(variant for variant in variants if variant is not None)
    if said and all(variant.channel or variant.when for variant in said):
        faults.add(item.place, item.name, "response_without_rest")
    return Response(item.name, said) if said else None


def read_condition(scalar: Scalar, slots: Mapping[str, Slot], faults: Faults) -> Condition | None:
    """A condition whose slots all exist; a bare ``true`` or ``false`` is one."""
    try:
        condition = parse_condition(scalar.text)
    except ConditionFault as fault:
        faults.add(scalar.place, fault.name or scalar.text, fault.code, column=fault.column)
        return None
    for name in sorted(condition.reads - slots.keys()):
        faults.add(scalar.place, name, "slot_undefined")
    return condition


def placeholders(response: Response) -> frozenset[str]:
    """The names in curly brackets, of all variants and languages."""
    said: list[str] = []
    for variant in response.variants:
        said += variant.text.values()
        for button in (*variant.buttons, *variant.links):
            said += [*button.title.values(), button.payload]
    return frozenset(name for text in said for name in PLACEHOLDER.findall(text))


def _variant(node: Node, name: str, slots: Mapping[str, Slot], faults: Faults) -> Variant | None:
    shape = shape_of(node, name, faults)
    if shape is None:
        return None
    said = texts(shape, "text")
    shape.text("id")
    metadata = shape.inner("metadata")
    if metadata is not None:
        if metadata.flag("rephrase", False):
            faults.add(metadata.at("rephrase"), "rephrase", "rephrase")
        metadata.finish()
    buttons, links = _buttons(shape)
    when = _condition(shape, slots)
    channel = shape.text("channel")
    shape.finish()
    return Variant(said, buttons, links, channel, when)


def _buttons(shape: Shape) -> tuple[tuple[Button, ...], tuple[Button, ...]]:
    buttons, links = [], []
    listed = shape.sequence("buttons")
    for node in listed.items if listed is not None else ():
        entry = shape_of(node, "buttons", shape.faults)
        if entry is None:
            continue
        title = texts(entry, "title")
        entry.text("type")
        address = entry.text("url")
        payload = address or entry.needed("payload")
        entry.finish()
        if address is not None:
            if not is_link(address):
                entry.faults.add(entry.at("url"), address, "link")
            links.append(Button(title, address))
        elif is_link(payload) and payload[0] not in "/{":
            links.append(Button(title, payload))
        else:
            if payload and parse_payload(payload) is None:
                entry.faults.add(entry.at("payload"), payload, "payload")
            buttons.append(Button(title, payload))
    return tuple(buttons), tuple(links)


def _condition(shape: Shape, slots: Mapping[str, Slot]) -> Condition | None:
    """Rasa's list of slots and the values they must have, or a predicate as in flows."""
    node = shape.node("condition")
    if node is None:
        return None
    if isinstance(node, Scalar):
        return read_condition(node, slots, shape.faults)
    parts = []
    for entry in node.items if isinstance(node, Sequence) else (node,):
        inner = shape_of(entry, "condition", shape.faults)
        if inner is None:
            continue
        if inner.needed("type") not in ("slot", ""):
            shape.faults.add(inner.at("type"), inner.needed("type"), "condition_type")
        name, value = inner.needed("name"), inner.scalar("value")
        inner.finish()
        if value is not None and name:
            parts.append(f"slots.{name} = {_literal(value.value)}")
    source = " and ".join(parts)
    return read_condition(Scalar(node.place, source, False), slots, shape.faults) if source else None


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, int | float):
        return str(value)
    mark = "'" if '"' in value else '"'
    return f"{mark}{value}{mark}"

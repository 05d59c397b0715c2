"""A flow as a JSON document with all it needs, and back: what is stored by its hash outlives its file."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import rfc8785

from bot.flows.conditions import parse_condition
from bot.flows.model import (
    Branch,
    Button,
    Call,
    Collect,
    Condition,
    Flow,
    Link,
    Noop,
    Rejection,
    Response,
    Run,
    SetSlots,
    Slot,
    Step,
    Text,
    Variant,
)

FORMAT = 1


class UnreadableDocument(Exception):
    """The document is not one that this program, or an older one, has written."""


def hash_of(document: Any) -> str:
    """SHA-256 of the canonical form (RFC 8785), in hexadecimal digits."""
    return sha256(rfc8785.dumps(document)).hexdigest()


def flow_document(
    *,
    flow_id: str,
    name: Text,
    description: str,
    guard: Condition | None,
    steps: Iterable[Step],
    slots: Iterable[Slot],
    responses: Iterable[Response],
    persisted_slots: frozenset[str],
    offered: bool,
    parks: bool,
    keeps: bool = False,
) -> dict[str, Any]:
    """The flow as plain JSON values; lines, file and moves are left out, since they do not change what it does."""
    return {
        "format": FORMAT,
        "flow": {
            "id": flow_id,
            "name": dict(name),
            "description": description,
            "if": guard.source if guard else None,
            "steps": [_step(step) for step in steps],
            "persisted_slots": sorted(persisted_slots),
            "offered": offered,
            "parks": parks,
            **({"keeps": True} if keeps else {}),
        },
        "slots": {slot.name: slot_document(slot) for slot in slots},
        "responses": {response.name: response_document(response) for response in responses},
    }


def flow_from_document(document: Mapping[str, Any]) -> Flow:
    """The flow of a stored document; equal to the one that was read from its file.

    Raises :class:`UnreadableDocument`.
    """
    try:
        if document["format"] != FORMAT:
            raise UnreadableDocument(f"format {document['format']}")
        flow = document["flow"]
        return Flow(
            id=flow["id"],
            name=flow["name"],
            description=flow["description"],
            guard=_when(flow["if"]),
            steps=tuple(map(_step_from, flow["steps"])),
            slots={name: _slot_from(name, slot) for name, slot in document["slots"].items()},
            responses={
                name: Response(name, tuple(map(_variant_from, variants)))
                for name, variants in document["responses"].items()
            },
            persisted_slots=frozenset(flow["persisted_slots"]),
            content_hash=hash_of(document),
            document=document,
            offered=flow["offered"],
            parks=flow["parks"],
            keeps=flow.get("keeps", False),
        )
    except UnreadableDocument:
        raise
    except Exception as error:  # whatever is wrong in it: missing keys, other types, a condition of another program
        raise UnreadableDocument(f"{type(error).__name__}: {error}") from error


def _when(source: str | None) -> Condition | None:
    return None if source is None else parse_condition(source)


def _step(step: Step) -> dict[str, Any]:
    branches = [{"to": branch.to, "if": branch.when.source if branch.when else None} for branch in step.next]
    return {"id": step.id, **_does(step), "next": branches}


def _does(step: Step) -> dict[str, Any]:
    match step.does:
        case Collect() as collect:
            return {
                "collect": collect.slot,
                "utter": collect.utter,
                "ask": collect.ask,
                "ask_before_filling": collect.ask_before_filling,
                "reset_after_flow_ends": collect.reset_after_flow_ends,
                "rejections": [{"if": each.when.source, "utter": each.utter} for each in collect.rejections],
            }
        case Run(action):
            return {"action": action}
        case SetSlots(values):
            return {"set_slots": dict(values)}
        case Link(flow):
            return {"link": flow}
        case Call(flow):
            return {"call": flow}
        case Noop():
            return {"noop": True}


def _step_from(step: Mapping[str, Any]) -> Step:
    branches = tuple(Branch(branch["to"], _when(branch["if"])) for branch in step["next"])
    return Step(step["id"], _does_from(step), branches)


def _does_from(step: Mapping[str, Any]) -> Collect | Run | SetSlots | Link | Call | Noop:
    if "collect" in step:
        rejections = tuple(Rejection(parse_condition(each["if"]), each["utter"]) for each in step["rejections"])
        return Collect(
            step["collect"],
            step["utter"],
            step["ask"],
            step["ask_before_filling"],
            step["reset_after_flow_ends"],
            rejections,
        )
    if "action" in step:
        return Run(step["action"])
    if "set_slots" in step:
        return SetSlots(step["set_slots"])
    if "link" in step:
        return Link(step["link"])
    if "call" in step:
        return Call(step["call"])
    if step["noop"] is not True:
        raise UnreadableDocument("a step that does nothing known")
    return Noop()


def response_document(response: Response) -> list[dict[str, Any]]:
    """A response's variants as plain JSON values."""
    return [_variant(each) for each in response.variants]


def slot_document(slot: Slot) -> dict[str, Any]:
    """A slot as plain JSON values."""
    values = {
        value: {locale: list(each) for locale, each in wordings.items()} for value, wordings in slot.values.items()
    }
    order = list(slot.values)  # keys of canonical JSON, and of jsonb, are in another order than the file's
    return {
        "type": slot.type,
        "kind": slot.kind,
        "initial": slot.initial,
        "persisted": slot.persisted,
        "values": values,
        "order": order,
        "past": slot.past,
        "scale": list(slot.scale),
        **({"takes": slot.takes} if slot.takes else {}),  # so that the hash of flows without it stays what it was
        **({"year": True} if slot.year else {}),
    }


def _slot_from(name: str, slot: Mapping[str, Any]) -> Slot:
    values = {value: {locale: tuple(each) for locale, each in slot["values"][value].items()} for value in slot["order"]}
    low, high = slot["scale"]
    told = (slot["type"], slot["kind"], slot["initial"], slot["persisted"], values, slot["past"], (low, high))
    return Slot(name, *told, slot.get("takes", ""), slot.get("year", False))


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "text": dict(variant.text),
        "buttons": [{"title": dict(button.title), "payload": button.payload} for button in variant.buttons],
        "links": [{"title": dict(link.title), "payload": link.payload} for link in variant.links],
        "channel": variant.channel,
        "if": variant.when.source if variant.when else None,
    }


def _variant_from(variant: Mapping[str, Any]) -> Variant:
    buttons, links = (
        tuple(Button(each["title"], each["payload"]) for each in variant[kind]) for kind in ("buttons", "links")
    )
    return Variant(variant["text"], buttons, links, variant["channel"], _when(variant["if"]))

"""What a remote action server answers, taken over as far as it is harmless; everything else is refused by name."""

import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.flows.engine.state import plain
from bot.flows.model import Definitions, Flow, Slot
from bot.flows.reading.payloads import parse_payload
from bot.handlers.action import ActionFault

MOST_MESSAGES = 20
MOST_BUTTONS = 20
MOST_EVENTS = 100
TEXT_LENGTH = 4000
LABEL_LENGTH = 200
VALUE_LENGTH = 16_000

Told = list[dict[str, Any]]

_FLOW = ("flow:", "flow_")
"""How an action of ours and how one of Rasa's names a flow to go on with."""
_CONTENT = frozenset({"text", "buttons", "image", "attachment", "response", "template"})
_UNSUPPORTED = frozenset({"elements", "custom"})


def read_answer(document: Any, flow: Flow, definitions: Definitions) -> tuple[Told, Told]:
    """Events and messages of an answer of the protocol, to an action of ``flow``.

    Events may set slots that the flow uses, to values that fit them, and name a flow to go on with. Messages may have
    words, buttons that a flow file could have, links, or name a response that there is. Raises :class:`ActionFault`,
    final, whose message names what is refused: the server has done its work, and asking it again would not help.
    """
    if not isinstance(document, dict):
        raise _refusal("unreadable_answer", "an answer that is no object")
    events, responses = document.get("events", []), document.get("responses", [])
    if not isinstance(events, list) or not isinstance(responses, list):
        raise _refusal("unreadable_answer", "events and responses are lists")
    if len(events) > MOST_EVENTS or len(responses) > MOST_MESSAGES:
        raise _refusal("answer_too_large", f"{len(events)} events, {len(responses)} responses")
    return (
        [_event(event, flow, definitions) for event in events],
        [_message(message, flow, definitions) for message in responses],
    )


def _event(event: Any, flow: Flow, definitions: Definitions) -> dict[str, Any]:
    match event:
        case {"event": "slot", "name": str(name), **rest}:
            slot, value = flow.slots.get(name), rest.get("value")
            if slot is None:
                raise _refusal("unsupported_slot", f"slot {name[:60]!r}, which flow {flow.id} does not use")
            if not fits(slot, value):
                raise _refusal("unsupported_value", f"a value that slot {name!r} ({slot.type}) cannot have")
            return {"event": "slot", "name": name, "value": value}
        case {"event": "followup", "name": str(name)} if name.startswith(_FLOW):
            wanted = definitions.flows.get(name[5:])
            if wanted is None or not wanted.offered:
                raise _refusal("unsupported_event", f"followup {name[:60]!r}: no flow of that name may be started")
            return {"event": "followup", "name": f"flow:{wanted.id}"}
    named = event.get("event") if isinstance(event, dict) else type(event).__name__
    raise _refusal("unsupported_event", f"event {str(named)[:60]!r}")


def fits(slot: Slot, value: Any) -> bool:
    """Whether the slot can have the value; ``None`` empties any."""
    if value is None:
        return True
    try:
        if len(json.dumps(value, allow_nan=False)) > VALUE_LENGTH or value != plain(value):
            return False
    except (ValueError, TypeError, RecursionError):
        return False
    match slot.type:
        case "text":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case "categorical":
            return isinstance(value, str) and value in slot.values
        case "list":
            return isinstance(value, list)
    return True


def _message(message: Any, flow: Flow, definitions: Definitions) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise _refusal("unsupported_response", "a response that is no object")
    for name in _UNSUPPORTED:
        if message.get(name):
            raise _refusal("unsupported_response", f"a response with {name}")
    told: dict[str, Any] = {"buttons": _buttons(message.get("buttons"), flow, definitions)}
    for name in ("image", "attachment"):
        if address := message.get(name):
            told[name] = _link(address, name)
    response = message.get("response") or message.get("template")
    if response:
        if not isinstance(response, str) or response not in definitions.responses:
            raise _refusal("unknown_response", f"response {str(response)[:60]!r}")
        values = {name: value for name, value in message.items() if name not in _CONTENT | _UNSUPPORTED}
        return {**told, "response": response, **{str(name): _filling(value, name) for name, value in values.items()}}
    if text := message.get("text"):
        told["text"] = _text(text, TEXT_LENGTH)
    if not any(told.values()):
        raise _refusal("unsupported_response", "a response that says nothing")
    return told


def _buttons(buttons: Any, flow: Flow, definitions: Definitions) -> list[dict[str, str]]:
    if not buttons:
        return []
    if not isinstance(buttons, list) or len(buttons) > MOST_BUTTONS:
        raise _refusal("unsupported_button", "buttons that are no list, or too many")
    return [_button(button, flow, definitions) for button in buttons]


def _button(button: Any, flow: Flow, definitions: Definitions) -> dict[str, str]:
    match button:
        case {"title": str(title), "payload": str(payload)} if title.strip() and len(payload) <= TEXT_LENGTH:
            meant = parse_payload(payload)
            if meant is None:
                raise _refusal("unsupported_button", f"payload {payload[:60]!r}")
            if any(name not in flow.slots for name, _ in meant.slots):
                raise _refusal("unsupported_button", f"payload {payload[:60]!r} sets what flow {flow.id} does not use")
            if meant.does == "start":
                wanted = definitions.flows.get(meant.target)
                if wanted is None or not wanted.offered:
                    raise _refusal(
                        "unsupported_button", f"payload {payload[:60]!r}: no flow of that name may be started"
                    )
            return {"title": _text(title, LABEL_LENGTH), "payload": payload}
    raise _refusal("unsupported_button", "a button without title and payload")


def _link(address: Any, name: str) -> str:
    if isinstance(address, str) and len(address) <= TEXT_LENGTH and address.isprintable():
        try:
            parts = urlsplit(address)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme == "https" and parts.hostname and not parts.username:
            return address
    raise _refusal("unsupported_response", f"{name}: an address that is not https")


def _filling(value: Any, name: Any) -> Any:
    """What is filled into a response is words and numbers."""
    if isinstance(value, str):
        return _text(value, TEXT_LENGTH)
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise _refusal("unsupported_response", f"value {str(name)[:60]!r}")


def _text(text: Any, length: int) -> str:
    if not isinstance(text, str) or len(text) > length:
        raise _refusal("unsupported_response", "words that are none, or too many")
    # Controls but for the ends of lines have no place in a chat, nor have halves of characters.
    return "".join(sign for sign in text if sign in "\n\t" or not ("\ud800" <= sign <= "\udfff" or sign < " "))


def _refusal(code: str, what: str) -> ActionFault:
    return ActionFault(code, f"refused: {what}", final=True)


def slots_of(flow: Flow, known: Mapping[str, Any], only: list[str] | None) -> dict[str, Any]:
    """What an action of ``flow`` needs at most: slots that the flow uses and that are set; of ``only``, if given."""
    return {
        name: plain(known[name])
        for name in sorted(flow.slots)
        if known.get(name) is not None and (only is None or name in only)
    }

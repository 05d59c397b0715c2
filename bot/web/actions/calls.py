"""A call of Rasa's action-server protocol, read with care: whatever is sent, it is a checked value or refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.settings import LOCALES, Locale

MOST_DEEP = 12
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LANGUAGE_SLOT = "language"
"""Rasa's own slot for the language of a conversation."""
_LOCALES: Mapping[str, Locale] = {
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-sg": "zh-Hans",
    "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant",
    "zh-mo": "zh-Hant",
    "en": "en",
    **{locale.lower(): locale for locale in LOCALES},
}


class BadCall(Exception):
    """The request is no call of the protocol; says what is wrong, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """``message`` is the id of the customer's message that led here, ``None`` where the tracker has none.

    ``turn`` counts how often the action has run since then: the same call sent again is told from the next one by it.
    """

    action: str
    sender: str = field(repr=False)
    slots: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)
    locale: Locale
    message: str | None
    turn: int
    flow: str
    step: str
    responses: frozenset[str]
    """Those that the caller has itself."""

    @property
    def key(self) -> str | None:
        """What the same call has in common however often it is sent; ``None`` where that cannot be known."""
        return None if self.message is None else f"{self.message}\n{self.action}\n{self.turn}"


def read_call(document: Mapping[str, Any], locale: Locale, text_bytes: int) -> Call:
    """The call. ``locale`` is taken where it names no language. Raises :class:`BadCall`."""
    action, tracker = document.get("next_action"), document.get("tracker")
    if not isinstance(action, str) or not action or len(action) > 100:
        raise BadCall("next_action")
    if not isinstance(tracker, dict):
        raise BadCall("tracker")
    sender = document.get("sender_id") or tracker.get("sender_id")
    if not isinstance(sender, str) or not 0 < len(sender) <= 255 or not sender.strip():
        raise BadCall("sender_id")
    slots, latest = _filled(tracker.get("slots"), {}), _filled(tracker.get("latest_message"), {})
    events = _filled(tracker.get("events"), [])
    if not isinstance(slots, dict) or not isinstance(latest, dict) or not isinstance(events, list):
        raise BadCall("tracker")
    text = _filled(latest.get("text"), "")
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) > text_bytes:
        raise BadCall("tracker.latest_message.text")
    flow, step = _place(tracker.get("stack"))
    said, turn = _since(events, action)
    responses = _member(document.get("domain"), "responses")
    call = Call(
        action=action,
        sender=sender,
        slots={name: value for name, value in slots.items() if value is not None},
        text=text,
        locale=_language(slots, latest) or locale,
        message=_message_id(latest, said),
        turn=turn,
        flow=flow,
        step=step,
        responses=frozenset(responses) if isinstance(responses, dict) else frozenset(),
    )
    if not all(_storable(value) for value in (action, sender, text, call.message, flow, step, call.slots)):
        raise BadCall("characters that cannot be stored, or too deep")
    return call


def _message_id(latest: Mapping[str, Any], said: Mapping[str, Any]) -> str | None:
    """The message's own id; without one, when it was said is as good."""
    for found in (latest.get("message_id"), _member(latest.get("metadata"), "message_id"), said.get("message_id")):
        if isinstance(found, str) and 0 < len(found) <= 255:
            return found
    at = said.get("timestamp")
    return f"at:{at!r}" if isinstance(at, int | float) else None


def _since(events: list[Any], action: str) -> tuple[Mapping[str, Any], int]:
    """The event of the customer's last message, and how often the action has run since."""
    turn = 0
    for event in reversed(events):
        match event:
            case {"event": "user"}:
                return event, turn
            case {"event": "action", "name": name} if name == action:
                turn += 1
    return {}, turn


def _place(stack: Any) -> tuple[str, str]:
    """Flow and step that the caller is at."""
    for frame in reversed(stack) if isinstance(stack, list) else ():
        match frame:
            case {"flow_id": str(flow), **rest}:
                step = rest.get("step_id")
                return flow[:100], step[:100] if isinstance(step, str) else ""
    return "", ""


def _language(slots: Mapping[str, Any], latest: Mapping[str, Any]) -> Locale | None:
    for named in (slots.get(_LANGUAGE_SLOT), _member(latest.get("metadata"), "language")):
        if isinstance(named, str) and named.lower() in _LOCALES:
            return _LOCALES[named.lower()]
    return None


def _filled(value: Any, instead: Any) -> Any:
    return instead if value is None else value


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _storable(value: Any, deep: int = 0) -> bool:
    """Whether the store can hold it: PostgreSQL has no NUL, and nobody has half a surrogate pair."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    if isinstance(value, dict):
        return deep < MOST_DEEP and all(_storable(one, deep + 1) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return deep < MOST_DEEP and all(_storable(one, deep + 1) for one in value)
    return True

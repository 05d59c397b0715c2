"""A response becomes the body of a message: in a language, for a channel, with its values filled in."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.domain.message import Body
from bot.flows.model import Button, Response, Slot, Text, Variant

MISSING = "…"
"""Said in place of a value that is not set: never a brace, never an exception."""
MAX_VALUE = 1000

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LIST_GAP = {"en": ", "}
_BOOL = {
    "zh-Hans": ("是", "否"),
    "zh-Hant": ("是", "否"),
    "en": ("yes", "no"),
}


def render(
    response: Response,
    values: Mapping[str, Any],
    locale: str,
    channel: str = "",
    slots: Mapping[str, Slot] | None = None,
) -> Body:
    """The first variant that fits channel and condition, as text, ``choices`` and ``links``.

    A choice's id is its payload without the slash, so it stays the same whatever the wording. ``slots`` name the
    values of categorical ones.
    """
    variant = _fitting(response, values, channel)
    if variant is None:
        return {"text": MISSING}
    slots = slots or {}
    body: Body = {"text": fill(in_language(variant.text, locale), values, locale, slots).strip() or MISSING}
    if buttons := [_choice(button, values, locale, slots) for button in variant.buttons]:
        body["choices"] = buttons
    if variant.links and (links := _links(variant.links, values, locale, slots)):
        body["links"] = links
    return body


def choices_of(response: Response, values: Mapping[str, Any], locale: str) -> list[dict[str, str]]:
    """The choices alone that :func:`render` would offer."""
    variant = _fitting(response, values, "")
    return [_choice(button, values, locale, {}) for button in variant.buttons] if variant else []


def in_language(text: Text, locale: str) -> str:
    """The wording in a language, or in another one rather than none."""
    return text.get(locale) or text.get("en") or next(iter(text.values()), "")


def label(slot: Slot | None, value: Any, locale: str) -> Any:
    """How a value is called: a categorical one by its wording."""
    if slot is None or not isinstance(value, str) or value not in slot.values:
        return value
    wordings = slot.values[value].get(locale) or next(iter(slot.values[value].values()), ())
    return wordings[0] if wordings else value


def fill(text: str, values: Mapping[str, Any], locale: str, slots: Mapping[str, Slot] | None = None) -> str:
    """``text`` with each ``{name}`` replaced; a value is only ever text, whatever braces it has itself."""
    if "{" not in text:
        return text
    said = [*_pieces(text)]
    for place in range(1, len(said), 2):
        name = said[place]
        said[place] = spoken(label(slots.get(name) if slots else None, values.get(name), locale), locale)
    return "".join(said)


@lru_cache(maxsize=4096)
def _pieces(text: str) -> Sequence[str]:
    """A text of the definitions in turns: what is said as it stands, and the name of a value."""
    return _PLACEHOLDER.split(text)


def spoken(value: Any, locale: str) -> str:
    """A value in words."""
    if isinstance(value, str):
        return value[:MAX_VALUE] or MISSING
    if value is None or value == []:
        return MISSING
    if isinstance(value, bool):
        return _BOOL.get(locale, _BOOL["en"])[0 if value else 1]
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return _LIST_GAP.get(locale, "、").join(spoken(_name_of(one), locale) for one in value)[:MAX_VALUE]
    return str(value)[:MAX_VALUE]


def _name_of(one: Any) -> Any:
    """A file in a list is called by its name."""
    return one.get("name") if isinstance(one, Mapping) else one


def _fitting(response: Response, values: Mapping[str, Any], channel: str) -> Variant | None:
    """Rasa's order: a variant for this channel goes before one for every channel."""
    for wanted in (channel, None) if channel else (None,):
        for variant in response.variants:
            if variant.channel == wanted and (variant.when is None or variant.when.holds(values)):
                return variant
    return None


def _choice(button: Button, values: Mapping[str, Any], locale: str, slots: Mapping[str, Slot]) -> dict[str, str]:
    return {
        "id": fill(button.payload, values, locale).removeprefix("/"),
        "label": fill(in_language(button.title, locale), values, locale, slots),
    }


def _links(
    links: Sequence[Button], values: Mapping[str, Any], locale: str, slots: Mapping[str, Slot]
) -> list[dict[str, str]]:
    return [
        {"label": fill(in_language(link.title, locale), values, locale, slots), "url": address}
        for link in links
        if (address := _address(link.payload, values)) is not None
    ]


def _address(payload: str, values: Mapping[str, Any]) -> str | None:
    """A link whose address is not known is left out. No value may choose the scheme."""
    if "{" not in payload:
        return payload
    if any(values.get(name) in (None, "") for name in _PLACEHOLDER.findall(payload)):
        return None
    address = _PLACEHOLDER.sub(lambda match: str(values[match[1]]), payload)
    return address if address.startswith(("https://", "http://", "/")) else None

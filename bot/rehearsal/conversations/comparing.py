"""What a turn brought beside what was expected of it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.message import Body
from bot.flows.model import Response, Variant
from bot.flows.rendering import in_language
from bot.rehearsal.conversations.script import (
    ANYTHING,
    ActionExecuted,
    Expectation,
    FlowStarted,
    NotUttered,
    Says,
    SlotNotSet,
    SlotSet,
    Uttered,
    Utters,
)
from bot.rehearsal.conversations.watching import Noted

_PLACEHOLDER = re.compile(r"\{\w+\}")
_SHOWN = 160


class Comparison:
    """Compares one turn; responses that are expected in order have to be said in order."""

    def __init__(self, noted: Noted, responses: Mapping[str, Response]) -> None:
        self._noted = noted
        self._responses = responses
        self._next = 0

    def fault(self, expected: Expectation) -> str | None:
        """Why the expectation is not met; ``None`` when it is. What expects a response that there is not never is."""
        match expected:
            case Utters(name) | Uttered(str(name)) | NotUttered(Uttered(str(name))) if name not in self._responses:
                return f"there is no response {name}"
            case Utters(name):
                return self._in_order(lambda body: self._is(body, name), f"utter {name}")
            case Says(text):
                return self._in_order(lambda body: body.get("text", "").strip() == text, f"bot {text!r}")
            case Uttered():
                met = any(self._fits(body, expected) for body in self._noted.replies)
                return None if met else f"{_told(expected)} was not said; {self._said()}"
            case NotUttered(what):
                met = not any(self._fits(body, what) for body in self._noted.replies)
                return None if met else f"{_told(what)} was said"
            case SlotSet(name, value):
                seen = [one for one in self._noted.values(name) if one is not None]
                met = bool(seen) if value is ANYTHING else any(_same(one, value) for one in seen)
                return None if met else f"{name} was not set to {value!r} but to {seen or 'nothing'}"
            case SlotNotSet(name, value):
                seen = [one for one in self._noted.values(name) if one is not None]
                met = not seen if value is ANYTHING else not any(_same(one, value) for one in seen)
                return None if met else f"{name} was set to {seen}"
            case FlowStarted(flows):
                before = self._noted.flows_before
                began = [flow for flow in (*self._noted.flows_between, *self._noted.flows_after) if flow not in before]
                return None if set(flows) & set(began) else f"{' or '.join(flows)} did not start, but {began}"
            case ActionExecuted(name):
                met = name in self._noted.actions
                return None if met else f"{name} was not carried out, but {self._noted.actions}"

    def _in_order(self, fits: Any, wanted: str) -> str | None:
        for place in range(self._next, len(self._noted.replies)):
            if fits(self._noted.replies[place]):
                self._next = place + 1
                return None
        return f"expected {wanted}; {self._said()}"

    def _said(self) -> str:
        texts = [str(body.get("text", ""))[:_SHOWN] for body in self._noted.replies]
        return f"said was {texts}" if texts else "nothing was said"

    def _fits(self, body: Body, wanted: Uttered) -> bool:
        text = str(body.get("text", ""))
        shown = {
            one for choice in body.get("choices", ()) for one in (choice["label"], "/" + choice["id"], choice["id"])
        }
        return (
            (wanted.response is None or self._is(body, wanted.response))
            and (wanted.text_matches is None or re.search(wanted.text_matches, text) is not None)
            and all(button in shown for button in wanted.buttons)
        )

    def _is(self, body: Body, name: str) -> bool:
        """Whether a text is one of the response's variants in any language, whatever stands for its placeholders."""
        text = str(body.get("text", "")).strip()
        return any(_reads(text, variant) for variant in self._responses[name].variants)


def _reads(text: str, variant: Variant) -> bool:
    return any(_pattern(in_language(variant.text, locale)).fullmatch(text) for locale in variant.text)


def _pattern(template: str) -> re.Pattern[str]:
    parts: Sequence[str] = _PLACEHOLDER.split(template.strip())
    return re.compile("(?s:.*?)".join(map(re.escape, parts)))


def _same(value: Any, expected: Any) -> bool:
    """As written in a file: ``5`` is five, whether the slot holds a number or its digits."""
    if isinstance(expected, bool) or isinstance(value, bool):
        return value is expected
    return value == expected or str(value) == str(expected)


def _told(wanted: Uttered) -> str:
    parts = [wanted.response, wanted.text_matches, *wanted.buttons]
    return " with ".join(repr(part) for part in parts if part)

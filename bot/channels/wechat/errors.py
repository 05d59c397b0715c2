"""WeChat's answers to our calls: what an error code decides, what it means, and the id WeChat's support asks for."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

import yaml

Decision = Literal[
    "retry",
    "slow_down",
    "wait_for_quota",
    "refresh_token",
    "fix_settings",
    "upload_again",
    "split_smaller",
    "as_words",
    "window_closed",
    "count_exceeded",
    "only_passive",
    "unreachable",
    "refused",
    "done",
    "ignore",
    "give_up",
    "outcome_unknown",
]
"""What to do next. ``retry`` and ``slow_down``: the same again, later; ``wait_for_quota``: the account sends nothing
until the next day; ``refresh_token``: once, then the same again, then it is a fault; ``fix_settings``: a person has to;
``upload_again``, ``split_smaller``, ``as_words``: send it in another form; ``window_closed``, ``count_exceeded``: not
before the customer acts; ``only_passive``: never by this call; ``unreachable``: the identity; ``refused``: this kind of
notice, or every message; ``done``: it had been sent; ``ignore``: no message was lost; ``outcome_unknown``: never by
itself again.
"""

_RID = re.compile(r"\s*,?\s*rid:\s*([0-9A-Za-z-]{1,64})\s*$")
_CODE = re.compile(r"-?[0-9]{1,9}")
_MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class ApiError:
    """An answer with an ``errcode``, or with none that can be read: then ``code`` is ``None``.

    ``message`` is WeChat's own, without the ``rid`` at its end.
    """

    code: int | None
    message: str = ""
    rid: str | None = None

    @property
    def decision(self) -> Decision:
        return cast("Decision", _entry(self.code)["decides"])

    def explain(self, locale: str) -> str:
        """What it means, in the reader's language, in English for one we lack."""
        entry = _entry(self.code)
        return str(entry.get(locale) or entry["en"]).replace("{code}", str(self.code))


def read_answer(raw: bytes) -> dict[str, Any] | ApiError:
    """WeChat's JSON, or the error it holds; an ``errcode`` of 0 is none."""
    try:
        answer = json.loads(raw, strict=False)  # names and remarks of users come with raw control characters
    except (ValueError, RecursionError):
        return ApiError(None)
    if not isinstance(answer, dict):
        return ApiError(None)
    code = str(answer.get("errcode", 0))
    if not _CODE.fullmatch(code):
        return ApiError(None)
    if int(code) == 0:
        return answer
    message, rid = split_rid(str(answer.get("errmsg", "")))
    return ApiError(int(code), message, rid)


def split_rid(message: str) -> tuple[str, str | None]:
    """WeChat's message and the id of the request, which it ends with."""
    found = _RID.search(message[-200:])
    words = message[: len(message) - len(found[0])] if found else message
    return words.strip()[:_MAX_MESSAGE], found[1] if found else None


@cache
def _catalogue() -> dict[int | str, dict[str, Any]]:
    source = (files("bot.channels.wechat") / "errors.yml").read_text(encoding="utf-8")
    return cast("dict[int | str, dict[str, Any]]", yaml.safe_load(source))


def _entry(code: int | None) -> dict[str, Any]:
    return _catalogue().get("unreadable" if code is None else code) or _catalogue()["unknown"]

"""What a call to WeChat ends with when it does not end well: one kind of exception, and a louder one for tokens."""

from functools import cache
from importlib.resources import files
from typing import Literal, cast

import yaml

from bot.channels.wechat.errors import ApiError, Decision

Reason = Literal[
    "errcode", "not_text", "not_reached", "no_answer", "status", "unreadable", "too_large", "store_away", "token"
]


class WechatFault(Exception):
    """WeChat did not do it, or nobody knows whether it did.

    ``call`` is the path; ``decision`` says what to do next; ``reason`` where it went wrong: ``errcode`` (WeChat's
    answer), ``not_text`` (half a character, which cannot be sent), ``not_reached`` (nothing was sent), ``no_answer``,
    ``status`` (HTTP), ``unreadable``, ``too_large``, ``store_away`` (our database, which keeps the tokens), ``token``
    (see :class:`TokenFault`). Only its ``errmsg`` may say anything of a person: as a text it has path, reason, code and
    ``rid``.
    """

    def __init__(self, call: str, reason: Reason, decision: Decision, error: ApiError | None = None) -> None:
        super().__init__(call, reason)
        self.call = call
        self.reason = reason
        self.decision = decision
        self.error = error or ApiError(None)

    def __str__(self) -> str:
        code = "" if self.errcode is None else f" {self.errcode}"
        return f"{self.call}: {self.reason}{code}" + (f" (rid {self.rid})" if self.rid else "")

    @property
    def errcode(self) -> int | None:
        """WeChat's code; ``None`` where there was no readable answer."""
        return self.error.code

    @property
    def errmsg(self) -> str:
        """WeChat's words, without the ``rid``."""
        return self.error.message

    @property
    def rid(self) -> str | None:
        """The id of the request, which WeChat's support asks for."""
        return self.error.rid

    def explain(self, locale: str) -> str:
        """What it means, in the reader's language."""
        if self.reason == "errcode":
            return self.error.explain(locale)
        texts = _texts()[self.reason]
        return texts.get(locale, texts["en"])


class TokenFault(WechatFault):
    """WeChat refuses the access token, also a fresh one, or none can be had any more today: a person has to look."""

    def __init__(self, call: str, error: ApiError | None = None) -> None:
        super().__init__(call, "token", "fix_settings", error)


@cache
def _texts() -> dict[str, dict[str, str]]:
    source = (files("bot.channels.wechat.api") / "faults.yml").read_text(encoding="utf-8")
    return cast("dict[str, dict[str, str]]", yaml.safe_load(source))

"""What became of a line on its way out, in words: for the person who wants to know whether the customer has it."""

from functools import cache
from importlib.resources import files

import yaml

from bot.settings import Locale

_OF_A_NOTICE = "notice_"


def explain(channel: str, state: str, reason: str | None, code: str | None, locale: Locale) -> str | None:
    """Why it did not go out, or not yet, in the reader's language; ``None`` where there is nothing to explain.

    The platform's own code says more than our reason; one that we do not know is told by its number. Where a notice was
    to tell of the line, the code is the notice's, and our words say what that means for the line.
    """
    if channel == "wechat" and code is not None and not (reason or "").startswith(_OF_A_NOTICE):
        from bot.channels.wechat.errors import ApiError  # only who has an official account pays for it

        return ApiError(int(code)).explain(locale)
    if reason is None:
        return None
    texts = reasons()
    words = texts.get(f"{state}.{reason}") or texts.get(reason) or texts["errcode"]
    return words[locale]


@cache
def reasons() -> dict[str, dict[Locale, str]]:
    """Every reason that has words, in every language."""
    source = (files("bot.desk") / "outcomes.yml").read_text(encoding="utf-8")
    texts: dict[str, dict[Locale, str]] = yaml.safe_load(source)
    return texts

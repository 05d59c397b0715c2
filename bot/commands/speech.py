"""How commands talk: progress goes to standard error, results to standard output."""

import os
import sys
from typing import Literal


def say(line: str) -> None:
    """One line of progress, at once."""
    print(line, file=sys.stderr, flush=True)


def spoken_locale() -> Literal["zh-Hans", "zh-Hant", "en"]:
    """The language that the operator's machine is set to, as far as we speak it."""
    spoken = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").lower()
    if spoken.startswith(("zh_tw", "zh_hk", "zh_mo")):
        return "zh-Hant"
    return "zh-Hans" if spoken.startswith("zh") else "en"

"""Whether what notices promise about time is what the nightly retention does (PR5, PIPL 17, 19)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.settings import Retention
from crm_adapter.consent.purposes import Document
from crm_adapter.rights.retention import Days

_DAYS = {"Y": 365, "M": 30, "W": 7, "D": 1}


@dataclass(frozen=True, slots=True)
class Broken:
    """``purpose``'s notice promises ``promised`` days; ``[retention]`` keeps ``category`` for ``kept``."""

    purpose: str
    category: str
    promised: int
    kept: Days


def broken_promises(document: Document, retention: Retention) -> Sequence[Broken]:
    """Every promise that ``[retention]`` does not keep; a category it does not know is kept for good."""
    return [
        Broken(name, category, promised, kept)
        for name, purpose in document.purposes.items()
        for promised in (days_of(purpose.retention.period),)
        for category in purpose.retention.enforced_by
        for kept in (_kept(retention, category),)
        if kept == "keep" or kept > promised
    ]


def _kept(retention: Retention, category: str) -> Days:
    kept: Days = getattr(retention, category, "keep")
    return kept


def days_of(period: str) -> int:
    """The least number of days that an ISO 8601 duration of whole days, weeks, months and years has."""
    return sum(int(number) * _DAYS[unit] for number, unit in re.findall(r"(\d+)([YMWD])", period))

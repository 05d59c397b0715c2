"""What can go wrong with a confirmation code, for a person to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.outgoing.texts import fault_text
from bot.settings import Locale

FaultCode = Literal["wrong", "expired", "too_many_tries", "rate_limited", "bad_target"]


@dataclass(frozen=True, slots=True)
class CodeFault:
    """``values`` are those of its text: ``left`` tries for ``wrong``, ``minutes`` to wait for ``rate_limited``."""

    code: FaultCode
    values: Mapping[str, int] = field(default_factory=dict)


def describe_fault(fault: CodeFault, locale: Locale) -> str:
    """The fault in one sentence."""
    return fault_text(fault.code, locale, **fault.values)

"""What WeChat's answer makes of a notice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.channels.wechat.api import WechatFault
from bot.channels.wechat.errors import Decision
from bot.settings import WechatNotice

State = Literal["queued", "sent", "failed", "unknown", "unneeded"]

_AGAIN: Mapping[Decision, float] = {
    "retry": 30.0,
    "slow_down": 60.0,
    "wait_for_quota": 1800.0,
    "refresh_token": 60.0,
    "fix_settings": 60.0,
    "ignore": 60.0,
}
"""Seconds; twice as long each time."""
LONGEST_PAUSE_S = 3600.0
_WHY: Mapping[Decision, str] = {
    "slow_down": "too_often",
    "wait_for_quota": "quota",
    "only_passive": "no_right",
    "unreachable": "unreachable",
}
_FAULTY: Mapping[int, str] = {40037: "template", 47003: "fields"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a notice. ``queued``: it is tried again after ``after_s``. ``spent``: the user's permission is
    used up by it; otherwise it is free again. ``forbidden``: the user allows no more of this template."""

    state: State
    reason: str | None = None
    code: str | None = None
    msg_id: str | None = None
    after_s: float = 0.0
    spent: bool = False
    forbidden: bool = False


def sent(msg_id: int | None) -> Outcome:
    """WeChat took it; how it ended is told later under this number."""
    return Outcome("sent", msg_id=None if msg_id is None else str(msg_id), spent=True)


def refused(fault: WechatFault, notice: WechatNotice, attempts: int) -> Outcome:
    """WeChat did not take it, or nobody knows whether it did."""
    code = None if fault.errcode is None else str(fault.errcode)
    if fault.decision == "outcome_unknown":
        return Outcome("unknown", fault.reason, code, spent=True)
    if fault.decision == "done":
        return Outcome("sent", spent=True)
    if (pause := _AGAIN.get(fault.decision)) is not None:
        return Outcome(
            "queued",
            _WHY.get(fault.decision, "busy"),
            code,
            after_s=min(LONGEST_PAUSE_S, pause * 2 ** min(attempts, 10)),
        )
    if fault.decision == "refused":
        return Outcome("failed", "refused", code, spent=True, forbidden=notice.kind == "subscription")
    return Outcome("failed", _FAULTY.get(fault.errcode or 0) or _WHY.get(fault.decision, "rejected"), code)


def reason_told(status: str) -> str | None:
    """How it ended as WeChat told, ``arrived`` or why not; ``None`` for words we do not know, which say it did not."""
    words = status.lower()
    if words == "success":
        return "arrived"
    return "refused" if "block" in words or "refuse" in words or "reject" in words else None

"""Realtime: hints between processes, rate limits and presence. Redis carries hints, never truth."""

from bot.realtime.opening import open_realtime
from bot.realtime.protocol import JSON, Allowance, Hint, Missed, Realtime, Signal, Subscription

__all__ = [
    "JSON",
    "Allowance",
    "Hint",
    "Missed",
    "Realtime",
    "Signal",
    "Subscription",
    "open_realtime",
]

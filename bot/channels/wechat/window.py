"""How many customer-service messages a user may still be sent, and until when.

The rule stands here alone, since WeChat does not say how its quotas combine: a message of the customer allows 5 in
48 hours, a tap, a follow and a scan 3 in one minute each, a payment any number in 48 hours; the customer's next act of
the same kind begins anew. Which of them holds where several are open, an account's settings say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from bot.channels.wechat.pushes import Click, CustomerSaid, Payment, Push, Scan, ScannedCode, Subscribe, Text, Unknown
from bot.settings import WechatAccount

Trigger = Literal["message", "tap", "follow", "scan", "payment"]
Combining = Literal["largest", "latest"]
TYPING_WITHIN = timedelta(seconds=30)
"""After the customer's last act; later the typing state is refused (45080)."""

FEWEST_BESIDE_A_MENU = 3
"""Messages that must be left when a menu to tap is sent, the menu itself among them."""
LEAST_BESIDE_A_MENU = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """``count`` messages (``None``: any number) within ``window`` of what allows them."""

    count: int | None
    window: timedelta


ALLOWANCES: Mapping[Trigger, Allowance] = MappingProxyType(
    {
        "message": Allowance(5, timedelta(hours=48)),
        "tap": Allowance(3, timedelta(minutes=1)),
        "follow": Allowance(3, timedelta(minutes=1)),
        "scan": Allowance(3, timedelta(minutes=1)),
        "payment": Allowance(None, timedelta(hours=48)),
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """``combining`` is ``largest`` (every message sent counts against every allowance that is open, and the one with
    most left holds) or ``latest`` (only the customer's last act counts). ``margin`` is kept at a window's end, for
    clocks that differ and a message that is on its way."""

    allowances: Mapping[Trigger, Allowance] = field(default_factory=lambda: ALLOWANCES)
    combining: Combining = "largest"
    margin: timedelta = timedelta(seconds=2)


def rule_of(account: WechatAccount) -> Rule:
    """The account's."""
    return Rule(combining=account.windows)


@dataclass(frozen=True, slots=True)
class Act:
    """When the customer last did something of a kind, and how many messages were sent since."""

    at: datetime
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """``left`` messages (``None``: any number; 0: none) until ``until``, thanks to ``trigger``.

    Where nothing is left, ``why`` is ``closed`` (45015: too long ago, or nothing ever came) or ``used_up`` (45047), and
    ``until`` is ``None``.
    """

    left: int | None
    until: datetime | None = None
    trigger: Trigger | None = None
    why: Literal["closed", "used_up"] | None = None

    def room_for(self, wanted: int) -> int:
        """How many of ``wanted`` messages may be sent."""
        return wanted if self.left is None else min(wanted, self.left)


def window(acts: Mapping[Trigger, Act], now: datetime, rule: Rule | None = None) -> Window:
    """What may be sent at ``now``; passive answers are free and count nowhere."""
    rule = rule or Rule()
    open_: list[Window] = []
    for trigger, act in _counting(acts, rule):
        allowance = rule.allowances[trigger]
        until = act.at + allowance.window - rule.margin
        if now < until:
            left = None if allowance.count is None else max(0, allowance.count - act.sent)
            open_.append(Window(left, until, trigger))
    if not open_:
        return Window(0, why="closed")
    best = max(open_, key=_worth)
    return Window(0, why="used_up") if best.left == 0 else best


def bears_a_menu(open_: Window, now: datetime) -> bool:
    """Whether choices may be shown to tap: a tap allows 3 messages for one minute only, where a number typed would have
    allowed 5 for 48 hours, so that something must be left beside it, and for long."""
    if open_.until is None or open_.trigger not in ("message", "payment"):
        return False
    return (open_.left is None or open_.left >= FEWEST_BESIDE_A_MENU) and open_.until - now > LEAST_BESIDE_A_MENU


def _counting(acts: Mapping[Trigger, Act], rule: Rule) -> list[tuple[Trigger, Act]]:
    known = sorted(acts.items(), key=lambda one: one[1].at)
    return known[-1:] if rule.combining == "latest" else known


def _worth(one: Window) -> tuple[float, datetime]:
    assert one.until is not None  # noqa: S101 - only open ones are compared
    return (float("inf") if one.left is None else one.left, one.until)


def may_show_typing(last_act: datetime, now: datetime) -> bool:
    """Whether WeChat would take the typing state now."""
    return now < last_act + TYPING_WITHIN


def trigger_of(push: Push) -> Trigger | None:
    """What a push allows. A tap on a message menu is a tap, although it comes as a text; of the account's menu only
    items with a key and those that scan a code count."""
    match push:
        case Text(menu_id=str()) | Click() | ScannedCode():
            return "tap"
        case Subscribe():
            return "follow"
        case Scan():
            return "scan"
        case Payment():
            return "payment"
        case Unknown(is_message=True):
            return "message"
    return "message" if isinstance(push, CustomerSaid) else None

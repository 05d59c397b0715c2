"""Names and dates as customers read them."""

from datetime import datetime
from functools import cache
from importlib.resources import files

import yaml

from crm_adapter.rights.working_days import ZONE

_WEEKDAYS = {
    "zh-Hans": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "zh-Hant": ("週一", "週二", "週三", "週四", "週五", "週六", "週日"),
}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@cache
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    loaded: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(
        (files("bot.handlers") / "case_words.yml").read_text(encoding="utf-8")
    )
    return loaded


def word(name: str, locale: str) -> str:
    """A small word."""
    return _texts()["words"][name][locale]


def kind_name(kind: str, locale: str) -> str:
    """What a kind of case is called."""
    return _texts()["kinds"][kind][locale]


def state_name(state: str, locale: str) -> str:
    """What a state of a case is called."""
    return _texts()["states"][state][locale]


def day_of(at: datetime, locale: str) -> str:
    """A day with its weekday, where the company is."""
    local = at.astimezone(ZONE)
    if locale in _WEEKDAYS:
        return f"{local.month}月{local.day}日（{_WEEKDAYS[locale][local.weekday()]}）"
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"


def moment_of(at: datetime, locale: str) -> str:
    """A day and a time, where the company is."""
    return f"{day_of(at, locale)} {at.astimezone(ZONE):%H:%M}"


def slot_of(start: datetime, end: datetime, locale: str) -> str:
    """An appointment."""
    return f"{moment_of(start, locale)}–{end.astimezone(ZONE):%H:%M}"


def masked_phone(phone: str) -> str:
    """Enough of a phone number for its owner to know it again."""
    return f"{phone[: max(0, len(phone) - 8)]}****{phone[-4:]}"


def masked_email(email: str) -> str:
    """Enough of an e-mail address for its owner to know it again."""
    name, at, domain = email.partition("@")
    return f"{name[:2]}***{at}{domain}"

"""Days and times as customers read them."""

from datetime import date, datetime, timedelta

from crm_adapter.rights.working_days import ZONE

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_of(moment: datetime, locale: str) -> str:
    """The day in China's time, such as 2026年11月22日 or 22 November 2026."""
    return day_of_date(moment.astimezone(ZONE).date(), locale)


def day_of_date(day: date, locale: str) -> str:
    """A day as :func:`day_of` has it."""
    if locale == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def last_day(end: datetime, locale: str) -> str:
    """The last day of a term that ends with it."""
    return day_of(end - timedelta(microseconds=1), locale)

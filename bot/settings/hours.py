"""The section about when people answer."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from bot.settings.section import Section

Spans = list[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]]


class Hours(Section):
    """When people answer, by weekday (``monday = ["09:00-12:00", "13:30-18:00"]``); a day without hours is closed.

    Public holidays are closed, and make-up workdays have Monday's hours, unless ``holidays`` is false.
    """

    zone: str = "Asia/Shanghai"
    monday: Spans = []
    tuesday: Spans = []
    wednesday: Spans = []
    thursday: Spans = []
    friday: Spans = []
    saturday: Spans = []
    sunday: Spans = []
    holidays: bool = True

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("not a time zone such as Asia/Shanghai") from None
        return value

    @field_validator("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    @classmethod
    def _spans_go_forward(cls, value: list[str]) -> list[str]:
        if any(start >= end for start, _, end in (span.partition("-") for span in value)):
            raise ValueError("a span ends later than it begins, on the same day")
        return value

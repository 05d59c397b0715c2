"""The section about service: what is promised, complaints, after-sales appointments (SL1, SL2, SL8, CO1-CO6)."""

import re
from datetime import time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, field_validator

from bot.settings.hours import Hours
from bot.settings.opinions import Opinions
from bot.settings.section import LOCALES, Locale, Section

_SLOT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _all_languages(value: dict[Locale, str]) -> dict[Locale, str]:
    missing = [locale for locale in LOCALES if not value.get(locale)]
    if missing:
        raise ValueError(f"is missing in {', '.join(missing)}")
    return value


class Choice(Section):
    """Something to choose. ``name`` stands in clear in the store; ``words`` are what a customer may say for it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    label: dict[Locale, str]
    words: tuple[str, ...] = ()

    _label = field_validator("label")(_all_languages)


class Settlement(Section):
    """CO2: what may be settled at once. It holds for a complaint of one of the categories (none named: of any) about an
    order that the store knows and whose amount is below ``below`` (in minor units of ``currency``).
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    categories: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    """Only for who wants one of these; none named: whatever is wanted."""
    below: Annotated[int, Field(gt=0)]
    currency: str = "CNY"
    offer: dict[Locale, str]
    """What is offered, as the customer reads it."""

    _offer = field_validator("offer")(_all_languages)


@cache
def _defaults() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((files("bot.settings") / "service.yml").read_text(encoding="utf-8"))
    return loaded


def _shipped(name: str) -> tuple[Choice, ...]:
    return tuple(Choice.model_validate(one) for one in _defaults()[name])


class Cases(Section):
    """Complaints and after-sales. SL2 and SL8 are ``[crm] first_opinion_h`` and ``final_result_days``."""

    categories: tuple[Choice, ...] = Field(default_factory=lambda: _shipped("categories"), min_length=1, max_length=20)
    """What a complaint is about; the last one is taken for what is none of the others."""
    remedies: tuple[Choice, ...] = Field(default_factory=lambda: _shipped("remedies"), max_length=10)
    reasons: tuple[Choice, ...] = Field(default_factory=lambda: _shipped("reasons"), min_length=1, max_length=20)
    """Why something is returned or exchanged; the last one is taken for what is none of the others."""
    settlements: tuple[Settlement, ...] = ()
    """Rules by which a complaint is settled at once, the first that holds counts; none: every one goes to a person."""
    owners: tuple[str, ...] = ()
    """CO6: sign-in names of those who own complaints, whoever has fewest open ones; none: the service managers."""
    owner_title: dict[Locale, str] = Field(default_factory=lambda: _defaults()["owner_title"])
    """What the customer is told where no account owns the case."""
    slots: tuple[str, ...] = ("09:00-12:00", "13:00-18:00")
    """When things are picked up and technicians come."""
    slot_days: Annotated[int, Field(ge=1, le=14)] = 3
    """For how many working days appointments are offered."""
    slot_after_days: Annotated[int, Field(ge=0, le=30)] = 1
    """How many working days lie between the request and the first appointment."""
    return_days: Annotated[int, Field(ge=0, le=365)] = 7
    """Returns without a reason; Consumer Protection Law, article 25: 7 days."""
    exchange_days: Annotated[int, Field(ge=0, le=365)] = 15
    warranty_months: Annotated[int, Field(ge=0, le=240)] = 12
    first_soon_h: Annotated[float, Field(ge=0)] = 6.0
    """SL1, SL2: how long before its time the owner is reminded of a first answer."""
    final_soon_days: Annotated[float, Field(ge=0)] = 3.0
    """SL8: the same of the final result."""

    _title = field_validator("owner_title")(_all_languages)

    @field_validator("slots")
    @classmethod
    def _slots_are_times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for slot in value:
            if not _SLOT.fullmatch(slot) or slot[:5] >= slot[6:]:
                raise ValueError("times of a day such as 09:00-12:00")
        if not value:
            raise ValueError("at least one")
        return value

    @property
    def times(self) -> list[tuple[time, time]]:
        """The slots of a day as times."""
        return [(time.fromisoformat(slot[:5]), time.fromisoformat(slot[6:])) for slot in self.slots]


class Service(Section):
    answer_within_h: Annotated[float, Field(gt=0)] = 24.0
    """SL1: an enquiry is answered within 24 h; promised to the customer on hand-over."""
    hours: Hours | None = None
    """When people answer; unset: always. Deadlines run by the wall clock either way."""
    present_within_min: Annotated[float, Field(gt=0, le=120)] = 5.0
    """Who has had a console open within this time counts as being there."""
    cases: Cases = Field(default_factory=Cases)
    opinions: Opinions = Opinions()
    products_file: Path | None = None
    """What is sold, with price and stock; unset: the demo company's."""
    products_stale_days: Annotated[int, Field(ge=0, le=365)] = 7
    """From this age on, price and stock are called old when they are told."""

    @property
    def zone(self) -> ZoneInfo:
        """In which the hours are meant, and times are told."""
        return ZoneInfo(self.hours.zone if self.hours else Hours().zone)

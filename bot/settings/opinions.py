"""What customers are asked for their opinion, and how often (SV4, KP1, KP2)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from bot.settings.section import Section


class Opinions(Section):
    survey_every_days: Annotated[int, Field(ge=1, le=365)] = 7
    """A customer is asked at most one survey in so many days."""
    nps_every_days: Annotated[int, Field(ge=0, le=3650)] = 180
    """How often a customer is asked whether they would recommend the company; 0: never."""
    nps_after_days: Annotated[int, Field(ge=0, le=3650)] = 30
    """How long somebody has been a customer before being asked that."""
    misses_before_person: Annotated[int, Field(ge=1, le=10)] = 2
    """After so many answers in a row that did not help, a person takes over."""
    questionnaires: Path | None = None
    """The company's folder of questionnaires; unset: the demo company's."""

"""What customers think and need, as it is recorded and counted (CP11, SV4, KP1, KP2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

SurveyKind = Literal["satisfaction", "nps"]
OpinionKind = Literal["answer", "satisfaction", "nps", "questionnaire"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a survey was asked, and how often each score was given; the scores stand in clear, reasons do not."""

    asked: int
    scores: Mapping[int, int]

    @property
    def answered(self) -> int:
        """How many gave a score."""
        return sum(self.scores.values())


@dataclass(frozen=True, slots=True)
class ArticleTally:
    """How often an article's answer was called helpful, and how often not."""

    article_id: str
    helpful: int
    unhelpful: int


@dataclass(frozen=True, slots=True)
class Reply:
    """One customer's answers to a questionnaire, by the questions' ids, or the reason for a score.

    ``words`` is ``None`` once the customer's key is gone, and where nothing was said.
    """

    contact_id: UUID
    at: datetime
    version: str | None = None
    score: int | None = None
    words: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)

"""The numbers and names a company sets for its customer store; each room takes what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Policy:
    """``final_result_days`` by category of case, ``default`` for the others; files are ``None`` for those that ship."""

    controller: str = "Demo"
    jurisdiction: str = "CN"
    policy_url: str | None = None
    """PR13: the page of the privacy policy, linked under every notice."""
    child_below_years: int = 14
    """SL7, PIPL 31: below it a guardian consents, and there is no marketing."""
    answer_h: float = 24.0
    """SL1: what is no complaint is answered within them."""
    first_opinion_h: float = 48.0
    final_result_days: Mapping[str, float] = field(default_factory=lambda: {"default": 15.0})
    purposes_file: Path | None = None
    rules_file: Path | None = None
    rights_days: int = 15
    holidays_file: Path | None = None
    erasures_file: Path | None = None
    """The erasure log apart from the database; ``None``: only in it, which a restore of a backup does not survive."""
    unlinked_s: float = 10.0

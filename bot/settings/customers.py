"""The sections about customers and their data; their numbers carry the ids of the requirements."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from bot.settings.section import Section
from crm_adapter.encryption import Keyring, KeyringFault


class KeysSection(Section):
    file: Path | None = None
    """The keyring's file; unset: ``keyring.json`` in ``var_dir``, made at the first start."""
    ring: SecretStr | None = None
    """The keyring's document itself, from a secret store; wins over ``file``."""

    @field_validator("ring")
    @classmethod
    def _ring_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                Keyring.parse(value.get_secret_value())
            except KeyringFault as fault:
                raise ValueError(str(fault)) from None
        return value


class Crm(Section):
    controller: Annotated[str, Field(min_length=1, max_length=200)] = "暖居电器 / Nuanju Home Appliances"
    """Who answers for the data (PIPL 17); consent events are chained per controller."""
    jurisdiction: str = "CN"
    first_opinion_h: Annotated[float, Field(gt=0)] = 48.0
    """SL2: a complaint gets its first handling opinion within 48 h."""
    final_result_days: dict[str, Annotated[float, Field(gt=0)]] = {"default": 15.0}
    """SL8: the final result, per category of case."""
    purposes_file: Path | None = None
    """What data is used for, and the notices; unset: those of the demo company."""
    rules_file: Path | None = None
    """CP5-CP7: value classes, stages and tags; unset: the rules that ship."""
    rights_days: Annotated[int, Field(ge=1, le=365)] = 15
    """PIPL 50, in working days: a request about one's own data is answered within them."""
    holidays_file: Path | None = None
    """Dates that override the calendar of public holidays, and those of years it does not know."""
    unlinked_s: Annotated[float, Field(gt=0)] = 10.0
    """How old a ledger event may be that is not yet linked into its chain."""
    access_review_days: Annotated[int, Field(ge=1, le=3660)] = 90
    """PR4: how often it is reviewed who has access."""
    access_review_within_days: Annotated[int, Field(ge=1, le=366)] = 14
    """How long such a review may take."""
    export_folder: Path | None = None
    """Where exports and backups are written; unset: ``exports`` in ``var_dir``."""

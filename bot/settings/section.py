"""What every section of the settings is."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Locale = Literal["zh-Hans", "zh-Hant", "en"]
LOCALES: tuple[Locale, ...] = ("zh-Hans", "zh-Hant", "en")


class Section(BaseModel):
    """Unknown names are refused; what was read stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

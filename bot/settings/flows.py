"""The section about flows: where a company's own stand, and what silence leads to."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from bot.settings.section import Section

BESIDE_SETTINGS = "flows"


class Flows(Section):
    folder: Path | None = None
    """The company's flow files; unset: ``flows`` beside ``yingda.toml``, where there is such a folder."""
    reload_s: Annotated[float, Field(gt=0, le=3600)] = 2.0
    """How often the files are looked at."""
    remind_after_min: Annotated[float, Field(gt=0, le=1440)] = 10.0
    """Silence after which the bot reminds once of the question that is open."""
    park_after_min: Annotated[float, Field(gt=0, le=10080)] = 30.0
    """Silence after which the flow is put aside, to be offered on the next visit."""
    keep_parked_days: Annotated[int, Field(ge=1, le=365)] = 30
    """How long a flow that was put aside is offered again."""

    @model_validator(mode="after")
    def _reminds_before_it_parks(self) -> "Flows":
        if self.remind_after_min >= self.park_after_min:
            raise ValueError("park_after_min has to be more than remind_after_min")
        return self

    @property
    def folder_in_use(self) -> Path | None:
        """The company's folder; ``None`` when there is none. One that is named and missing is a fault of the flows."""
        if self.folder is not None:
            return self.folder
        beside = Path(os.environ.get("YINGDA_CONFIG", "yingda.toml")).parent / BESIDE_SETTINGS
        return beside if beside.is_dir() else None

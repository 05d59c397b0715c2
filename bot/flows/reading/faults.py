"""What is wrong with flow files, one fault per place, with words for it in three languages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import yaml

from bot.faults import StartFault


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the file as it was given, and the line, counted from one."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class FlowFault:
    """``name`` is what the fault is about (a key, a flow, a slot); ``code`` names the sentence of
    ``faults.yml`` or ``findings.yml``, which ``values`` fill in."""

    file: str
    line: int
    name: str
    code: str
    values: dict[str, object] = field(default_factory=dict)

    def text(self, locale: str) -> str:
        """What is wrong, in one of the three languages."""
        texts = _texts()[self.code]
        return texts.get(locale, texts["en"]).format(name=self.name, **self.values)

    def line_in(self, locale: str) -> str:
        """``file:line: what is wrong``."""
        return f"{self.file}:{self.line}: {self.text(locale)}"

    def __str__(self) -> str:
        return self.line_in("en")


class FlowFaults(StartFault):
    """The files cannot be used; ``faults`` are all that were found, by file and line."""

    def __init__(self, faults: Sequence[FlowFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.name, fault.code)))
        super().__init__("\n".join(map(str, self.faults)))


class Faults:
    """Collects faults, so that one reading tells all of them."""

    def __init__(self) -> None:
        self.found: list[FlowFault] = []

    def add(self, place: Place, name: str, code: str, **values: object) -> None:
        """Notes one fault."""
        self.found.append(FlowFault(place.file, place.line, name, code, values))


def known_codes() -> frozenset[str]:
    """The codes that there are words for."""
    return frozenset(_texts())


@cache
def _texts() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for name in ("faults.yml", "findings.yml"):
        texts |= yaml.safe_load((files("bot.flows.reading") / name).read_text(encoding="utf-8"))
    return texts

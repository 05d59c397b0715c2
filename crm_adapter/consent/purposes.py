"""The purposes a company uses data for, as its readable file says (PIPL 13-17); checked as a whole when it is read."""

import re
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

LOCALES = ("zh-Hans", "zh-Hant", "en")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class PurposesFault(Exception):
    """The file cannot be used; ``faults`` has one line per fault: where, and what is wrong."""

    def __init__(self, file: str, faults: list[str]) -> None:
        super().__init__("\n".join((f"{file} cannot be used:", *(f"  {fault}" for fault in faults))))
        self.faults = faults


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Text = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(str.strip)]


class Words(_Part):
    """The same in all three languages."""

    hans: Text = Field(alias="zh-Hans")
    hant: Text = Field(alias="zh-Hant")
    en: Text

    def of(self, locale: str) -> str:
        """The words in that language; English for one we lack."""
        return {"zh-Hans": self.hans, "zh-Hant": self.hant}.get(locale, self.en)


class Category(Words):
    sensitive: bool = False


class Retention(Words):
    """``enforced_by`` names what carries it out: categories of the retention, by which it can be checked."""

    period: Annotated[str, Field(pattern=r"^P(\d+[YMWD])+$")]
    enforced_by: list[Name] = []


class Party(_Part):
    """A third party by name (PIPL 23)."""

    name: Words
    contact: Words
    categories: Annotated[list[Name], Field(min_length=1)]


class Purpose(_Part):
    """``basis`` ``contract`` asks nobody; ``ask`` is the question, needed wherever somebody is asked."""

    basis: Literal["consent", "contract"]
    marketing: bool = False
    per_recipient: bool = False
    categories: list[Name] = []
    recipients: list[Name] = []
    retention: Retention
    title: Words
    purpose: Words
    method: Words
    ask: Words | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Purpose":
        if self.basis == "consent" and self.ask is None:
            raise ValueError("a purpose with basis consent needs the question it asks with (ask)")
        if self.basis == "contract" and (self.marketing or self.per_recipient or self.recipients):
            raise ValueError("marketing and sharing need consent; a contract is no basis for them")
        if self.per_recipient and not self.recipients:
            raise ValueError(
                "per_recipient needs at least one recipient; who shares with nobody leaves the purpose out"
            )
        if self.per_recipient == bool(self.categories):
            raise ValueError("categories stand here, or with per_recipient at each party, not both and not neither")
        return self


class Document(_Part):
    """The whole file."""

    contact: Words
    rights: Words
    categories: dict[Name, Category]
    parties: dict[Name, Party] = {}
    purposes: dict[Name, Purpose]

    @model_validator(mode="after")
    def _names_are_known(self) -> "Document":
        faults = [
            f"{place} names {name}, which is not under {where}"
            for place, where, known, names in self._references()
            for name in names
            if name not in known
        ]
        service = self.purposes.get("service")
        if service is None or service.basis != "contract":
            faults.append("there must be a purpose service with basis contract")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _references(self) -> list[tuple[str, str, Collection[str], list[str]]]:
        wanted: list[tuple[str, str, Collection[str], list[str]]] = []
        for name, party in self.parties.items():
            wanted.append((f"parties.{name}", "categories", self.categories, party.categories))
        for name, purpose in self.purposes.items():
            wanted.append((f"purposes.{name}", "categories", self.categories, purpose.categories))
            wanted.append((f"purposes.{name}", "parties", self.parties, purpose.recipients))
        return wanted


def parse_purposes(source: str, name: str) -> Document:
    """The document of a YAML text. Raises :class:`PurposesFault`."""
    try:
        content = yaml.load(source, _OnceLoader)  # noqa: S506 (a safe loader that minds doubled names)
    except yaml.YAMLError as fault:
        raise PurposesFault(name, [re.sub(r"\s+", " ", str(fault))]) from None
    try:
        return Document.model_validate(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise PurposesFault(name, [f"{_place(one['loc'])}: {one['msg']}" for one in faults]) from None


def read_purposes(file: Path | None) -> Document:
    """The company's file, or the one that ships. Raises :class:`PurposesFault`, also when it cannot be read."""
    if file is None:
        return shipped_purposes()
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PurposesFault(str(file), [str(error)]) from None
    return parse_purposes(source, str(file))


@cache
def shipped_purposes() -> Document:
    """Those of the demo company."""
    return parse_purposes((files("crm_adapter.consent") / "purposes.yml").read_text(encoding="utf-8"), "purposes.yml")


class _OnceLoader(yaml.SafeLoader):
    """YAML lets the second of two equal names win in silence; a purpose must not vanish like that."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{twice} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "the file"

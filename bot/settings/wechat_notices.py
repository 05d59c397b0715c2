"""The part of an official account about notices: template messages and subscription notices, by what they tell."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, HttpUrl, field_validator, model_validator

from bot.settings.section import Section

Occasion = Literal["answer_waiting", "case_changed"]
PLACEHOLDERS: Final[Mapping[Occasion, frozenset[str]]] = {
    "answer_waiting": frozenset({"company", "time"}),
    "case_changed": frozenset({"company", "time", "case_number", "case_kind", "case_state"}),
}
"""What each occasion can tell. ``time`` is as WeChat wants it in a field of that name: 2026年11月22日 12:05."""
TEMPLATES_AT_MOST: Final = 25
"""Of one account, template messages only (WeChat's rule)."""
_LONGEST: Final[Mapping[str, int]] = {
    "character_string": 32,
    "number": 32,
    "letter": 32,
    "thing": 20,
    "phone_number": 17,
    "name": 10,
    "car_number": 8,
    "phrase": 5,
    "symbol": 5,
}
"""In characters, by the kind that a field's name begins with (WeChat's rule); any other may have 20."""
_USUAL: Final = 20
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z_]{0,30}[0-9]{0,3}")


def longest(field: str) -> int:
    """How many characters WeChat takes in a field of a template."""
    return _LONGEST.get(field.rstrip("0123456789"), _USUAL)


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces."""
    return tuple(_PLACEHOLDER.findall(text))


class MiniProgramPage(Section):
    """Where a tap on the notice leads, within a mini program that is bound to the account."""

    appid: Annotated[str, Field(pattern=r"^wx[0-9a-zA-Z]{4,30}$")]
    pagepath: Annotated[str, Field(min_length=1, max_length=512)]


class WechatNotice(Section):
    """One template of the account, and with what its fields are filled."""

    name: Occasion
    """What it tells: ``answer_waiting``, that a line could not be sent; ``case_changed``, that staff took a step."""
    kind: Literal["template", "subscription"]
    template_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    fields: Annotated[dict[str, str], Field(min_length=1, max_length=20)]
    """By the template's own names for them, without ``.DATA``."""
    purpose: str = "service"
    long_term: bool = False
    """A subscription template of the industries that have them: one consent is good for any number."""
    url: str | None = None
    """The page that a tap on the notice opens; unset: none."""
    miniprogram: MiniProgramPage | None = None

    @field_validator("url")
    @classmethod
    def _url_is_one(cls, value: str | None) -> str | None:
        if value is not None and len(str(HttpUrl(value))) > 1024:
            raise ValueError("at most 1024 characters")
        return value

    @model_validator(mode="after")
    def _may_be_sent(self) -> "WechatNotice":
        if self.purpose != "service":
            if self.kind == "template":
                raise ValueError(f"{self.name}: WeChat forbids marketing in template messages; the purpose is service")
            raise ValueError(f"{self.name}: only notices with the purpose service are sent")
        if self.long_term and self.kind == "template":
            raise ValueError(f"{self.name}: long_term is for the kind subscription")
        for field, text in self.fields.items():
            self._check(field, text)
        return self

    def _check(self, field: str, text: str) -> None:
        if not _FIELD.fullmatch(field):
            raise ValueError(f"{self.name}: {field} is no name of a field, such as thing1")
        if unknown := sorted(set(placeholders(text)) - PLACEHOLDERS[self.name]):
            known = ", ".join(sorted(PLACEHOLDERS[self.name]))
            raise ValueError(f"{self.name}: {field} has {{{unknown[0]}}}; there are {known}")
        if not text.strip():
            raise ValueError(f"{self.name}: {field} is empty")
        if len(_PLACEHOLDER.sub("", text)) > longest(field):
            raise ValueError(f"{self.name}: {field} takes {longest(field)} characters")


def check_notices(notices: Iterable[WechatNotice], *, service_account: bool) -> None:
    """What the notices of one account must keep to together. Raises :class:`ValueError`."""
    listed = list(notices)
    names = [notice.name for notice in listed]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"notices must differ: {twice}")
    templates = {notice.template_id for notice in listed if notice.kind == "template"}
    if templates and not service_account:
        raise ValueError("template messages are for service accounts; a subscription account has kind subscription")
    if mixed := templates & {notice.template_id for notice in listed if notice.kind == "subscription"}:
        raise ValueError(f"a template is of one kind: {min(mixed)}")

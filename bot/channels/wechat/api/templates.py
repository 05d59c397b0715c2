"""The templates an account has at WeChat, and whether the notices in the settings fit them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, cast

import yaml
from pydantic import BeforeValidator

from bot.channels.wechat.api.answers import Answer
from bot.settings import WechatNotice
from bot.settings.wechat_notices import TEMPLATES_AT_MOST

Kind = Literal["template", "subscription"]
_FIELD = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")
_LONG_TERM = 3


@dataclass(frozen=True, slots=True)
class Template:
    """``fields`` are the names that a notice fills, in the order of the text."""

    kind: Kind
    template_id: str
    title: str
    fields: tuple[str, ...]
    long_term: bool = False


@dataclass(frozen=True, slots=True)
class Misfit:
    """What of the settings WeChat would refuse; ``code`` is one of ``templates.yml``."""

    code: str
    values: dict[str, str] = field(default_factory=dict)

    def line_in(self, locale: str) -> str:
        """In the reader's language."""
        return _texts()[self.code][locale].format(**self.values)


class _Listed(Answer):
    template_id: str
    title: str = ""
    content: str = ""


class TemplateList(Answer):
    """``get_all_private_template``."""

    template_list: tuple[_Listed, ...]

    def templates(self) -> tuple[Template, ...]:
        return tuple(
            Template("template", one.template_id, one.title, _fields(one.content)) for one in self.template_list
        )


class _ListedNotice(Answer):
    priTmplId: str  # noqa: N815 - WeChat's name
    title: str = ""
    content: str = ""
    type: Annotated[int, BeforeValidator(int)] = 2


class NoticeTemplateList(Answer):
    """``gettemplate``."""

    data: tuple[_ListedNotice, ...] = ()

    def templates(self) -> tuple[Template, ...]:
        return tuple(
            Template("subscription", one.priTmplId, one.title, _fields(one.content), one.type == _LONG_TERM)
            for one in self.data
        )


def misfits(notice: WechatNotice, templates: Iterable[Template]) -> Sequence[Misfit]:
    """Why WeChat would refuse this notice; nothing where it would not."""
    fitting = (one for one in templates if (one.kind, one.template_id) == (notice.kind, notice.template_id))
    template = next(fitting, None)
    if template is None:
        return [Misfit("no_template", {"id": notice.template_id})]
    return list(_misfits(notice, template))


def too_many(templates: Iterable[Template]) -> Misfit | None:
    """Template messages only: an account has 25 of them at most, and then takes no other."""
    count = sum(one.kind == "template" for one in templates)
    values = {"count": str(count), "limit": str(TEMPLATES_AT_MOST)}
    return Misfit("too_many", values) if count > TEMPLATES_AT_MOST else None


def _misfits(notice: WechatNotice, template: Template) -> Iterator[Misfit]:
    if missing := [name for name in template.fields if name not in notice.fields]:
        yield Misfit("missing_fields", {"fields": ", ".join(missing)})
    if surplus := sorted(set(notice.fields) - set(template.fields)):
        yield Misfit("surplus_fields", {"fields": ", ".join(surplus)})
    if template.long_term != notice.long_term:
        yield Misfit("is_long_term" if template.long_term else "is_one_time")


def _fields(content: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_FIELD.findall(content)))


@cache
def _texts() -> dict[str, dict[str, str]]:
    source = (files("bot.channels.wechat.api") / "templates.yml").read_text(encoding="utf-8")
    return cast("dict[str, dict[str, str]]", yaml.safe_load(source))

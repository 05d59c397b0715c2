"""The texts of a notice's fields, as WeChat takes them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.settings import WechatNotice
from bot.settings.wechat_notices import longest
from crm_adapter.rights.working_days import ZONE

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SHORTENED: Final = ("thing", "phrase", "name", "const", "keyword", "first", "remark")
"""Words; half a number or half a date would be a wrong one."""


class Unfit(Exception):
    """The notice cannot be sent: ``field`` is empty or too long."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def filled(notice: WechatNotice, values: Mapping[str, str]) -> dict[str, str]:
    """The fields with ``values`` in place, on one line each, words cut where WeChat takes no more.

    Raises :class:`Unfit`.
    """
    return {field: _fitted(field, _PLACEHOLDER.sub(lambda one: values.get(one[1], ""), text))
            for field, text in notice.fields.items()}  # fmt: skip


def moment(at: datetime) -> str:
    """A moment as a field of the kind ``time`` takes it, where the company is."""
    local = at.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def _fitted(field: str, text: str) -> str:
    words, most = " ".join(text.split()), longest(field)
    if not words:
        raise Unfit(field)
    if len(words) <= most:
        return words
    if not field.startswith(_SHORTENED):
        raise Unfit(field)
    return words[: most - 1] + "…" if most > 10 else words[:most]

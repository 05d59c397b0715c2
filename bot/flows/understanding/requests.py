"""The request a message makes by itself, for a dialog without flows."""

import re
from typing import Final, Literal

from bot.flows.commands import BackToBot, WantPerson
from bot.flows.understanding.always import always_understood
from bot.flows.understanding.plain import core, plain
from bot.flows.understanding.small_talk import LONGEST, small_talk_of

Request = Literal["person", "bot", "privacy", "greeting", "thanks", "goodbye"]

# The words that the notices promise are understood (PR6), and what people say instead.
_PRIVACY: Final = re.compile(
    r"(?:我(?:想|要)?)?(?:查看|查阅|导出|汇出|复制|更正|删除)?我的(?:隐私|个人信息|个人资料|个人资讯)"
    r"|(?:(?:show|see|export|correct|delete) )?my (?:privacy|data|personal data)"
)


def request_in(text: str) -> Request | None:
    """The request a message makes by itself, if it makes one."""
    words = plain(text)
    command = always_understood(text, words, "en")
    if isinstance(command, BackToBot):
        return "bot"
    if isinstance(command, WantPerson):
        return "person"
    if len(words) <= LONGEST and _PRIVACY.fullmatch(core(words)):
        return "privacy"
    match small_talk_of(words):
        case "greeting" | "thanks" | "goodbye" as kind:
            return kind
    return None

"""A value given before that is to be another ("不对，电话是…", "sorry, I meant …"), and one that names its slot."""

import re
from dataclasses import replace
from typing import Final

from bot.flows.commands import Command, CorrectSlot, SetSlot, Unreadable
from bot.flows.model import Slot
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.plain import asks, core, plain
from bot.flows.understanding.values import Read, read_value
from bot.flows.understanding.values.read import length_of

_OPENING: Final = re.compile(
    r"(?:(?:啊|哎呀?|诶|额|呃|抱歉|对不起|不好意思|sorry|oops|oh|no|wait|等等|等一下|hold on|my bad)[\s,.!]*)*"
    r"(?:不对|不是|错了|搞错|弄错|(?:我)?(?:(?:刚才|刚刚|之前|前面|上面)[^,.!?]{0,6})?(?:说|写|填|打|输|选|搞|弄)(?:的)?错|更正|纠正"
    r"|应该是|改成|改为|换成|(?:我)?(?:想|要|需要)?(?:改|修改|更改|更正|换)(?:一?下)?"
    r"|i meant|i mean|actually|correction|that'?s wrong|wrong|not that|i made a (?:mistake|typo)|(?:please "
    r"|i want to |can i |could you |let me |i need to )*(?:change|correct|fix|update)\b|it should be|should be"
    r"|scratch that|typo)"
)
_APOLOGY: Final = re.compile(r"(?:抱歉|对不起|不好意思|sorry|oops|no|wait|哎呀?|等一下|等等)[\s,.!]+")
_WITHIN: Final = re.compile(
    r"错了|不对|有误|写错|填错|打错|输错|说错|改成|改为|换成|改到|应该是|要改|改一下|更正|\b(?:is wrong|was wrong"
    r"|is incorrect|should be|changed? (?:it |that |my |the )?.{0,24}\bto|i meant|instead|typo|mistake)\b"
)
_NAMED = {
    "email": ("邮箱|邮件|电邮|email|e-mail", "e-?mail"),  # also within a word
    "phone": ("电话|手机|号码|联系方式|联络方式", "phone|mobile|tel|cell|number"),
    "order": ("订单|单号", "order"),
    "address": ("地址|住址", "address"),
    "name": ("姓名|名字|称呼|姓氏", "name"),
    "date": ("日期|生日|哪天|日子", "date|day|birthday"),
    "time": ("时间|时段|几点", "time|slot|hour"),
    "rating": ("评分|打分|分数", "rating|score"),
    "money": ("金额|价格", "amount|price|sum"),
    "number": ("数量|几[个台件]", "quantity|how many|number"),
}
_NAMES: Final = {kind: re.compile(rf"{chinese}|\b(?:{english})\b") for kind, (chinese, english) in _NAMED.items()}
_ANY_NAME: Final = re.compile("|".join(f"{chinese}|{english}" for chinese, english in _NAMED.values()))
"""Looked for first, since most messages have none: without the bounds of words it is found several times faster."""
_TELLING: Final = ("email", "phone", "order", "date", "time")
"""Kinds whose values show what they are by themselves."""
_LINK: Final = re.compile(
    r"改成|改為|改为|換成|换成|改到|應該是|应该是|而是|正確的?是|正确的?是|是|為|为|[:：]|\bshould be\b|\b(?:to|is"
    r"|be|meant|mean)\b",
    re.IGNORECASE,
)
_LONGEST: Final = 120
_SHORT: Final = 24


def correction_in(heard: Heard, words: str) -> Command | None:
    """The slot a message corrects, or names and fills, although another one was asked for; ``None`` when it does not.

    The asked slot itself is set, not corrected. While free words are asked for, only a message that opens like a
    correction and holds a value is one: what somebody complains about may well be a wrong address.
    """
    if len(words) > _LONGEST or not heard.slots:
        return None
    opening = _OPENING.match(words) is not None
    freely = heard.asked is not None and heard.asked.kind == "free" and heard.asked.type in ("text", "any")
    if freely and not opening and not _WITHIN.search(words):
        return None
    kinds = _kinds_named(heard, words)
    apology = opening or _APOLOGY.match(words) is not None
    if not kinds and not apology:
        return None
    wrong = opening or freely or _WITHIN.search(words) is not None
    if not wrong and not apology and asks(words):
        return None
    trusted = apology or not freely
    slots, parts = _slots(heard), _parts(heard)
    named = [slot for slot in slots if slot.kind in kinds]
    for slot in named:
        found = _value(slot, parts)
        if found is not None and (trusted or _little_else(found, words)) and (wrong or _only_names(found, words)):
            return _command(slot, heard, found, wrong)
    if heard.asked and heard.asked.values and read_value(heard.asked, heard, words).code is None:
        return None  # "改手机号" where it is asked what to change
    if named and wrong and not freely and len(words) <= _SHORT and not (heard.asked and heard.asked in named):
        return CorrectSlot(named[0].name, None)
    if not apology:
        return None
    for slot in slots:
        if slot.kind in _TELLING or slot.values:
            found = _value(slot, parts)
            if found is not None and found.code is None:
                return _command(slot, heard, found, wrong)
    return None


def _kinds_named(heard: Heard, words: str) -> set[str]:
    if not _ANY_NAME.search(words):
        return set()
    kinds = {slot.kind for slot in heard.slots}
    if heard.asked is not None:
        kinds.add(heard.asked.kind)
    return {kind for kind in kinds if kind in _NAMES and _NAMES[kind].search(words)}


def _slots(heard: Heard) -> list[Slot]:
    """Those on the stack, the latest first; the asked one comes last, since a correction is rarely about it."""
    earlier = [slot for slot in reversed(heard.slots) if heard.asked is None or slot.name != heard.asked.name]
    return [*earlier, *((heard.asked,) if heard.asked else ())]


def _value(slot: Slot, parts: list[tuple[Heard, str]]) -> Read | None:
    """The value in the first part that has one; ``None`` where nothing is even tried."""
    whole = parts[-1][0].text
    for part, words in parts:
        found = read_value(slot, part, words)
        if found.code is None and (slot.kind not in ("name", "address", "free") or slot.values or part.text != whole):
            return found
        if found.tried and part.text == whole:
            return found
    return None


def _parts(heard: Heard) -> list[tuple[Heard, str]]:
    """What stands after the last "是", "to" or the like, then after those before it, then the whole; all in plain
    form too."""
    text = heard.text
    ends = (link.end() for link in reversed(list(_LINK.finditer(text))))
    parts = [*(text[end:].strip(" ,，。.!！") for end in ends if text[end:].strip()), text]
    return [(replace(heard, text=part, attachments=()), plain(part)) for part in parts]


def _little_else(found: Read, words: str) -> bool:
    """Whether beside a value there is hardly more than that it was wrong before."""
    return found.code is None and length_of(words) - length_of(str(found.value)) <= _SHORT // 2


def _only_names(found: Read, words: str) -> bool:
    """Whether the message does hardly more than name the slot and give its value."""
    return found.code is None and not asks(words) and length_of(core(words)) <= _LONGEST // 2 and found.rest <= _SHORT


def _command(slot: Slot, heard: Heard, found: Read, wrong: bool) -> Command:
    if found.code is not None:
        return Unreadable(slot.name, found.code)
    if heard.asked is not None and slot.name == heard.asked.name:
        return SetSlot(slot.name, found.value)
    return CorrectSlot(slot.name, found.value) if wrong else SetSlot(slot.name, found.value)

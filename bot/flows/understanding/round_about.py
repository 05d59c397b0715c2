"""Answers that come a way round: the other of two is denied, the other way to be reached is named, what is beside."""

import re
from dataclasses import replace
from typing import Final

from bot.flows.commands import Command, SetSlot, Skip
from bot.flows.model import Definitions, Slot
from bot.flows.understanding.choices import command_of
from bot.flows.understanding.given import SUM
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.plain import asks, plain
from bot.flows.understanding.values import read_value
from bot.flows.understanding.ways_out import lacks, packed, skips

_MAIL: Final = re.compile(r"邮箱|邮件|电邮|@|\be-?mail\b|\bmail\b")
_ADDRESS: Final = re.compile(r"[a-z0-9._+-]{1,64}@[a-z0-9.-]{1,64}")
_NO_MAIL: Final = re.compile(r"没有?(?:电子)?邮|不(?:要|用|想用?)(?:电子)?邮|\b(?:no|not|don'?t)\b.{0,12}mail")
_DENIED: Final = re.compile(
    r"(?:我|还是|先|那|真的|都|actually )*(?:不用|不要|不需要|不想|先不|不|别|don'?t |do not |not )"
    r"(改|.{2,12}?)(?:了|吧|啦"
    r"| it| please)*"
)
_NOT_BUT: Final = re.compile(r"(?:不对|不)?不是[^,]{1,8},?(?:而是|应该是|是|要|我要)[^,]{1,10}")
_HERE: Final = (
    r"(?:就?在(?:这里|这儿|这边|聊天里?)|(?:就?[在用])?微信上?)"
    r"(?:直接)?(?:说|回复?|答复|联系|聊)?我?(?:就?(?:行|好|可以)(?:了)?)?吧?"
)
_NO_CALL: Final = re.compile(
    rf"(?:请|麻烦|我)*(?:不用|不要|别|不想|不需要|不方便)[打接留用]*(?:电话|手机号?)(?:号码?)?(?:联系)?[了吧啦]*(?:{_HERE})?"
    rf"|{_HERE}"
    r"|(?:please |sorry |i'd rather )*(?:no (?:phone|(?:phone )?calls?)|not by phone"
    r"|do(?:n'?t| not) (?:call|phone|ring)"
    r"(?: me)?|(?:just )?(?:answer|reply|write|message)(?: me)? here)(?: please)?"
)
_PARTS: Final = re.compile(r"(?<!\d)[,.;!?\n]+|[,.;!?\n]+(?!\d)")
"""A sign between figures is a part of the number ("1.5万", "5,000")."""


def opposite(heard: Heard, asked: Slot, said: str, definitions: Definitions) -> bool | None:
    """ "不取消" where 取消 is one of the two answers shown: the other one. "不是退款，是换货" is no."""
    if _NOT_BUT.fullmatch(said):
        return False
    denied = _DENIED.fullmatch(said)
    if denied is None:
        return None
    meant: set[object] = set()
    for shown in heard.shown:
        if denied[1] in plain(shown.label):
            meant |= {
                each.value
                for each in command_of(shown.id, heard, definitions)
                if isinstance(each, SetSlot) and each.slot == asked.name
            }
    return None if len(meant) != 1 else not meant.pop()


def is_no_sum(heard: Heard, asked: Slot, definitions: Definitions) -> bool:
    """Whether a small number cannot be what is asked for, since every value shown is beyond all places."""
    if asked.kind not in ("money", "number") or not heard.shown:
        return False
    values = [
        each.value
        for shown in heard.shown
        for each in command_of(shown.id, heard, definitions)
        if isinstance(each, SetSlot) and each.slot == asked.name
    ]
    return bool(values) and all(isinstance(value, int | float) and value > len(heard.shown) for value in values)


def several_told(heard: Heard, asked: Slot, words: str) -> tuple[Command, ...]:
    """A number and a sum in one message ("三口之家，5000以内"), where one of them is asked for."""
    parts = [part for part in _PARTS.split(words) if part.strip()] if asked.kind in ("number", "money") else []
    if len(parts) < 2 or asks(words):
        return ()
    told: list[Command] = []
    for slot in heard.slots:
        if slot.kind in ("number", "money"):
            fitting = (part for part in parts if (SUM.search(part) is not None) == (slot.kind == "money"))
            read = [found.value for part in fitting if (found := read_value(slot, heard, part)).code is None]
            told += [SetSlot(slot.name, read[0])] if len(read) == 1 else []
    return tuple(told) if len(told) > 1 else ()


def by_mail_instead(heard: Heard, asked: Slot, words: str, definitions: Definitions) -> tuple[Command, ...]:
    """Who is asked for a phone number and would rather have mail, where that is one of the choices."""
    if asked.kind != "phone" or not _MAIL.search(words) or _NO_MAIL.search(words) or asks(words):
        return ()
    without = _ADDRESS.sub(" ", words)  # many a mail address is a phone number, too
    if read_value(asked, replace(heard, text=without), without).code is None:
        return ()
    choice = next((one for one in heard.shown if one.id == f"SetSlots({asked.name}=email)"), None)
    if choice is None:
        return ()
    address = next((slot for slot in heard.slots if slot.kind == "email"), None)
    found = read_value(address, heard, words) if address is not None else None
    chosen = command_of(choice.id, heard, definitions)
    if address is None or found is None or found.code is not None:
        return chosen
    return (*chosen, SetSlot(address.name, found.value))


def rather_here(heard: Heard, words: str) -> tuple[Command, ...]:
    """Who is asked for a phone number and wants no call, where that may be left out: a wish about this matter
    only, which "don't call me" would not be in any other place."""
    if heard.asked is None or heard.asked.kind != "phone" or all(one.id != "skip" for one in heard.shown):
        return ()
    return (Skip(),) if _NO_CALL.fullmatch(packed(words)) else ()


def beside_no_order(heard: Heard, asked: Slot, words: str) -> tuple[Command, ...]:
    """ "我没有订单号，电话13800138000": the number is taken, and there is no order."""
    parts = _PARTS.split(words) if asked.kind == "order" else []
    if (
        len(parts) < 2
        or read_value(asked, heard, words).code is None
        or not any(skips(said) or lacks(said) for said in map(packed, parts))
    ):
        return ()
    others = (slot for slot in heard.slots if slot.kind in ("phone", "email") and slot.name != asked.name)
    read = ((slot, read_value(slot, heard, words)) for slot in others)
    return (*(SetSlot(slot.name, found.value) for slot, found in read if found.code is None), Skip())

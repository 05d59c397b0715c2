"""The seam of the dialog layer: a message and what it meets in, commands out. A model may take this place later."""

import re
from typing import Final

from bot.flows.commands import (
    Answer,
    Cancel,
    CannotHandle,
    Command,
    SetSlot,
    Skip,
    SmallTalk,
    Understood,
    Unreadable,
)
from bot.flows.facts import Facts
from bot.flows.model import Definitions, Slot
from bot.flows.understanding.always import always_understood
from bot.flows.understanding.choices import command_of, several_shown, shown_by_label, shown_by_place, shown_by_words
from bot.flows.understanding.corrections import correction_in
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.language import language_of
from bot.flows.understanding.plain import asks, core, plain
from bot.flows.understanding.small_talk import small_talk_of
from bot.flows.understanding.temper import is_upset
from bot.flows.understanding.values import Read, read_value
from bot.flows.understanding.wishes import VERBATIM, certain, find, wish_in

_CANCEL: Final = re.compile(
    r"(?:还是|那|先|那就|我)*(?:算了|取消|退出|结束|停止|停下|终止|不办了|不弄了|不填了|不问了|不说了|不投诉了|不退了"
    r"|不想(?:办|弄|填|说|继续)了|放弃|返回|重新开始|不用了|不要了|不需要了)(?:吧|了|掉|吧不(?:办|弄|用)了|不(?:办|弄"
    r"|用)了|操作|申请|流程|谢谢)*"
    r"|(?:please |just |ok |let'?s )*(?:cancel(?: (?:it|this|that|the (?:form|request)))?|never ?mind|nevermind|nvm"
    r"|forget (?:it|about it)|stop (?:it|this|that)|quit|exit|abort|leave it|drop it|i changed my mind"
    r"|no longer needed|go back|start over)(?: please| thanks)*"
)
_NO_RATHER_THAN_CANCEL: Final = re.compile(r"(?:还是|那|先|那就|我)*(?:不用了|不要了|不需要了)(?:吧|谢谢)*")
_SKIP: Final = re.compile(
    r"(?:先|可以|能|我想|这个|这题|我要)*(?:跳过|略过|忽略|下一(?:个|题|步)|不填|不提供|不想(?:说|填|提供|回答|透露)"
    r"|不方便(?:说|提供|透露)?|不回答|暂不(?:提供|填)|先不(?:填|说|提供)|以后再(?:填|说))(?:吧|了|这个|这题|一?下"
    r"|这一?(?:步|项|题))*"
    r"|(?:我)?(?:不知道|不清楚|不记得|忘了|忘记了|不晓得|不确定|找不到)(?:了|啊|呢|诶|订单号|单号|号码)*|没有|没有了"
    r"|没|无|没了|暂无|都行|随便|随意|无所谓|都可以"
    r"|(?:please |can (?:i|we) |i(?:'d like| want| would like) to |let'?s )*(?:skip|pass)(?: (?:it|this|that|this one"
    r"|this question|please))*|next(?: question)?|n/?a|none|nothing|no idea|(?:i )?(?:don'?t|do not|dont) (?:know"
    r"|have (?:it|one|any|that)|remember|want to (?:say|answer))|not sure|can'?t remember|i forgot|rather not say"
    r"|prefer not to(?: say| answer)?|whatever|doesn'?t matter|any"
)
_LIKE_A_NUMBER: Final = ("number", "rating", "money", "phone", "order", "time", "date")
_NEVER_SHORT: Final = ("phone", "order")
"""Where a bare "2" cannot be the value, so it is the second of what is shown."""
_OF_WORDS: Final = ("free", "name", "address")
_SURE_QUESTION: Final = 0.9
_LONGEST_QUESTION: Final = 40
_NO_ANSWER: Final = ("greeting", "who_are_you", "thanks")
_LONG_REST: Final = 6
_BETWEEN: Final = re.compile(r"[\s,.!~]+")
_CODE_WORD: Final = re.compile(r"[a-z0-9]{1,4}")
_GREETS: Final = ("greeting", "goodbye", "thanks")


def understand(heard: Heard, facts: Facts, definitions: Definitions) -> Understood:
    """What a message means, as commands in the order they are to be followed. Pure; asks ``facts`` at most once.

    In this order: what is understood in every state (a person, withdrawal, back to the assistant, a language); a tap;
    a shown choice by label or place; a correction; cancel and skip; a value for the asked slot; a new wish or a
    question; small talk; ``Unreadable`` with the reason where a value was asked for; ``CannotHandle``. Files without
    words give no command where none are asked for. Whatever the text is, nothing is raised.
    """
    words = plain(heard.text)
    locale = _locale(heard, words)
    commands = _commands(heard, words, locale, definitions, facts)
    return Understood(commands, locale, upset=not heard.choice and is_upset(heard.text, words))


def _locale(heard: Heard, words: str) -> str:
    """The message's language. What is a value or a code ("Anna Li", "ok", "TD") tells nothing about it."""
    if heard.choice or not words:
        return heard.locale
    spoken = language_of(heard.text, heard.locale)
    if spoken != "en" or heard.locale == "en":
        return spoken
    said = core(words)
    if (_CODE_WORD.fullmatch(said) or _is_code(said)) and small_talk_of(words) not in _GREETS:
        return heard.locale
    return heard.locale if heard.asked is not None and heard.asked.kind not in ("free", "files") else spoken


def _is_code(said: str) -> bool:
    """A number of a case, an order, an error: every part of it has a digit."""
    parts = said.split()
    return bool(parts) and all(any(sign.isdigit() for sign in part) for part in parts)


def _commands(heard: Heard, words: str, locale: str, definitions: Definitions, facts: Facts) -> tuple[Command, ...]:
    if heard.choice:
        return command_of(heard.choice, heard, definitions) or (CannotHandle(),)
    if not words:
        return _of_files(heard)
    label = shown_by_label(heard, words)
    if label is None and (always := always_understood(heard.text, words, heard.locale)) is not None:
        return (always,)
    if label is not None and (tapped := command_of(label.id, heard, definitions)):
        return tapped
    if heard.asked is not None:
        return _answer(heard, heard.asked, words, locale, definitions, facts)
    if (correction := correction_in(heard, words)) is not None:
        return (correction,)
    if heard.slots and _CANCEL.fullmatch(_packed(words)):
        return (Cancel(),)
    if chosen := _chosen(heard, words, definitions):
        return chosen
    talk = small_talk_of(words)
    if talk is not None:
        return (SmallTalk(talk),)
    found = find(heard, words, definitions, facts, locale)
    if (wish := wish_in(found, definitions, heard, locale)) is not None:
        return (wish,)
    return (Cancel() if _CANCEL.fullmatch(_packed(words)) else CannotHandle(),)


def _packed(words: str) -> str:
    """The core of a message; of a Chinese one without what stands between its parts ("算了，不弄了")."""
    said = core(words)
    return said if said.isascii() else _BETWEEN.sub("", said)


def _of_files(heard: Heard) -> tuple[Command, ...]:
    if heard.asked is not None and heard.asked.kind == "files" and heard.attachments:
        return (SetSlot(heard.asked.name, list(heard.attachments)),)
    return () if heard.attachments else (CannotHandle(),)


def _chosen(heard: Heard, words: str, definitions: Definitions, *, bare_number: bool = True) -> tuple[Command, ...]:
    shown = shown_by_place(heard, words, bare_number=bare_number) or shown_by_words(heard, words)
    return command_of(shown.id, heard, definitions) if shown else ()


def _answer(
    heard: Heard, asked: Slot, words: str, locale: str, definitions: Definitions, facts: Facts
) -> tuple[Command, ...]:
    """What a message means while a slot is asked for."""
    said = _packed(words)
    if (correction := correction_in(heard, words)) is not None:
        return (correction,)
    is_bool = asked.type == "bool"
    if _CANCEL.fullmatch(said) and not (is_bool and _NO_RATHER_THAN_CANCEL.fullmatch(said)):
        return (Cancel(),)
    freely = asked.kind in _OF_WORDS and not asked.values and not is_bool and asked.type not in ("float", "list")
    if freely:
        return _words(heard, asked, words, locale, definitions, facts)
    if (heard.several or asked.type == "list") and (places := several_shown(heard, words, definitions)) is not None:
        return (SetSlot(asked.name, places),)
    short = asked.kind in _NEVER_SHORT
    if asked.kind in _LIKE_A_NUMBER and (placed := shown_by_place(heard, words, bare_number=short)) is not None:
        return command_of(placed.id, heard, definitions) or (CannotHandle(),)
    found = read_value(asked, heard, words)
    if found.code is None and not (found.rest > _LONG_REST and asks(words)):
        return (SetSlot(asked.name, found.value),)
    if not is_bool and _SKIP.fullmatch(said):
        return (Skip(),)
    if chosen := _chosen(heard, words, definitions, bare_number=asked.kind not in _LIKE_A_NUMBER):
        return chosen
    if found.code is not None and found.tried and not asks(words):
        return (Unreadable(asked.name, found.code),)
    talk = small_talk_of(words)
    if talk is not None and found.code is not None:
        return (SmallTalk(talk),)
    other = find(heard, words, definitions, facts, locale)
    wish = certain(other, 0.0) if found.code is None else wish_in(other, definitions, heard, locale)
    if found.code is None:
        answer = SetSlot(asked.name, found.value)
        if wish is None:
            return (answer,)
        return (answer, wish) if is_bool else (wish,)
    if wish is not None:
        return (wish,)
    return (Unreadable(asked.name, found.code),)


def _words(
    heard: Heard, asked: Slot, words: str, locale: str, definitions: Definitions, facts: Facts
) -> tuple[Command, ...]:
    """What a message means while words of one's own, a name or an address are asked for: nearly always just those."""
    if _SKIP.fullmatch(_packed(words)):
        return (Skip(),)
    if chosen := _chosen_exactly(heard, words, definitions):
        return chosen
    talk = small_talk_of(words)
    if talk in _NO_ANSWER:
        return (SmallTalk(talk),)
    read = read_value(asked, heard, words)
    if len(words) <= _LONGEST_QUESTION and not _plainly(asked, read):
        found = find(heard, words, definitions, facts, locale)
        other = certain(found, _SURE_QUESTION if asks(words) else VERBATIM)
        if read.code is not None and other is None:
            other = wish_in(found, definitions, heard, locale)
        if other is not None and (not isinstance(other, Answer) or asks(words)):
            return (other,)
    if read.code is not None:
        return (Unreadable(asked.name, read.code),)
    return (SetSlot(asked.name, read.value),)


def _plainly(asked: Slot, read: Read) -> bool:
    """Whether a name or an address is there without doubt ("我叫王小明")."""
    return asked.kind != "free" and read.code is None and read.rest == 0


def _chosen_exactly(heard: Heard, words: str, definitions: Definitions) -> tuple[Command, ...]:
    shown = shown_by_place(heard, words, bare_number=True)
    return command_of(shown.id, heard, definitions) if shown else ()

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
    StartFlow,
    Understood,
    Unreadable,
)
from bot.flows.facts import Facts
from bot.flows.model import Definitions, Slot
from bot.flows.understanding.always import always_understood
from bot.flows.understanding.choices import command_of, several_shown, shown_by_label, shown_by_place, shown_by_words
from bot.flows.understanding.corrections import correction_in
from bot.flows.understanding.follow_ups import about_the_last, as_shown, goes_on
from bot.flows.understanding.given import exactly, given_with, stated_with_more
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.language import language_of
from bot.flows.understanding.own_words import says_nothing
from bot.flows.understanding.plain import asks, core, plain
from bot.flows.understanding.rated import helped, rating_shown
from bot.flows.understanding.round_about import (
    beside_no_order,
    by_mail_instead,
    is_no_sum,
    opposite,
    rather_here,
    several_told,
)
from bot.flows.understanding.small_talk import small_talk_of
from bot.flows.understanding.temper import is_upset
from bot.flows.understanding.two_things import both_of, instead
from bot.flows.understanding.values import Read, read_value
from bot.flows.understanding.ways_out import cancels, lacks, packed, skips
from bot.flows.understanding.wishes import VERBATIM, Found, certain, find, wish_in

_LIKE_A_NUMBER: Final = ("number", "rating", "money", "phone", "order", "time", "date")
_NEVER_SHORT: Final = ("phone", "order")
"""Where a bare "2" cannot be the value, so it is the second of what is shown."""
_OF_WORDS: Final = ("free", "name", "address")
_SURE_QUESTION: Final = 0.9
_LIKELY_QUESTION: Final = 0.7
_LONGEST_QUESTION: Final = 40
_NO_ANSWER: Final = ("greeting", "who_are_you", "thanks")
_LONG_REST: Final = 6
_LATIN: Final = re.compile(r"[a-z][a-z'-]+")
_SENTENCE: Final = 3
"""So many Latin words are no value by chance."""
_CODE_WORD: Final = re.compile(r"[a-z0-9]{1,4}")
_RATHER: Final = re.compile(r"(?:那就?|还是|就|请|给我|帮我|我?想?要)+(.+?)(?:吧|就行|就好|好了)*")
"""What people say around a choice that they take."""
_GREETS: Final = ("greeting", "goodbye", "thanks")


def understand(heard: Heard, facts: Facts, definitions: Definitions) -> Understood:
    """What a message means, as commands in the order they are to be followed. Pure; searches ``facts`` at most once,
    and once more for a few words that lean on the last answer, or for a question beside a wish.

    In this order: what is understood in every state (a person, withdrawal, back to the assistant, a language) but for
    "don't call me" where a number is asked for; a tap; a shown choice by label; what takes up the last flow; a choice
    by place; a correction; cancel and skip; a value for the asked slot; a new wish or a question; small talk;
    ``Unreadable`` with the reason where a value was asked for; ``CannotHandle``. Files without words give no command
    where none are asked for. Whatever the text is, nothing is raised.
    """
    words = plain(heard.text)
    locale = _locale(heard, words)
    commands = _commands(heard, words, locale, definitions, facts)
    locale = _locale_of_value(heard, locale, commands)
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
    asked_value = heard.asked is not None and heard.asked.kind not in ("free", "files")
    return heard.locale if asked_value and len(_LATIN.findall(words)) < _SENTENCE else spoken


def _locale_of_value(heard: Heard, locale: str, commands: tuple[Command, ...]) -> str:
    """The language before, where all that a message in another one holds was taken as a name, an address and such."""
    asked = heard.asked
    if asked is None or asked.kind in ("free", "files") or locale == heard.locale:
        return locale
    if not any(isinstance(one, SetSlot) and one.slot == asked.name for one in commands):
        return locale
    return heard.locale if locale == "en" or asked.kind in ("name", "address") else locale


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
    if label is None and (here := rather_here(heard, words)):
        return here
    if label is None and (always := always_understood(heard.text, words, heard.locale)) is not None:
        return (always,)
    if label is not None and (tapped := command_of(label.id, heard, definitions)):
        return tapped
    if heard.asked is not None:
        return _answer(heard, heard.asked, words, locale, definitions, facts)
    if (follow_up := goes_on(heard, words, definitions)) is not None:
        return (follow_up,)
    if (correction := correction_in(heard, words)) is not None:
        return (correction,)
    if heard.slots and cancels(packed(words)):
        return (Cancel(),)
    good = helped(words)
    if good is not None and (rated := rating_shown(heard, good)) is not None:
        return command_of(rated.id, heard, definitions)
    if chosen := _chosen(heard, words, definitions):
        return chosen
    if good is not None:
        return (SmallTalk("thanks") if good else CannotHandle(),)
    talk = small_talk_of(words)
    if talk is not None:
        return (SmallTalk(talk),)
    found = find(heard, words, definitions, facts, locale)
    return _wished(found, heard, words, locale, definitions, facts) or (
        Cancel() if cancels(packed(words)) else CannotHandle(),
    )


def _wished(
    found: Found, heard: Heard, words: str, locale: str, definitions: Definitions, facts: Facts
) -> tuple[Command, ...]:
    """The wish of a message with what it says beside it already; none where nothing is wanted."""
    wish = about_the_last(wish_in(found, definitions, heard, locale), found, heard, words, facts, locale)
    if wish is not None and (offered := as_shown(wish, heard, words, definitions)):
        return offered
    if both := both_of(wish, found, heard, words, definitions, facts):
        return both
    if not isinstance(wish, StartFlow) and (flow := stated_with_more(found, heard, words, definitions)):
        wish = StartFlow(flow)
    return _with_given(wish, heard, words, definitions) if wish is not None else ()


def _with_given(wish: Command, heard: Heard, words: str, definitions: Definitions) -> tuple[Command, ...]:
    if not isinstance(wish, StartFlow) or wish.flow == heard.flow:
        return (wish,)
    return (wish, *given_with(wish.flow, heard, words, definitions))


def _of_files(heard: Heard) -> tuple[Command, ...]:
    if heard.asked is not None and heard.asked.kind == "files" and heard.attachments:
        return (SetSlot(heard.asked.name, list(heard.attachments)),)
    return () if heard.attachments else (CannotHandle(),)


def _chosen(heard: Heard, words: str, definitions: Definitions) -> tuple[Command, ...]:
    shown = shown_by_place(heard, words) or shown_by_words(heard, words)
    return command_of(shown.id, heard, definitions) if shown else ()


def _chosen_in_words(heard: Heard, asked: Slot, words: str, definitions: Definitions) -> tuple[Command, ...]:
    """As above; where a number could be the value itself, it was asked before whether it is a place."""
    if asked.kind not in _LIKE_A_NUMBER:
        return _chosen(heard, words, definitions)
    shown = shown_by_words(heard, words)
    return command_of(shown.id, heard, definitions) if shown else ()


def _answer(
    heard: Heard, asked: Slot, words: str, locale: str, definitions: Definitions, facts: Facts
) -> tuple[Command, ...]:
    """What a message means while a slot is asked for."""
    said = packed(words)
    if round_about := by_mail_instead(heard, asked, words, definitions) or beside_no_order(heard, asked, words):
        return round_about
    if both := several_told(heard, asked, words):
        return both
    if (other := instead(heard, words, definitions)) is not None:
        return (other,)
    if (correction := correction_in(heard, words)) is not None:
        return (correction,)
    is_bool = asked.type == "bool"
    if is_bool and (value := opposite(heard, asked, said, definitions)) is not None:
        return (SetSlot(asked.name, value),)
    if cancels(said, asks_yes_or_no=is_bool):
        return (Cancel(),)
    freely = asked.kind in _OF_WORDS and not asked.values and not is_bool and asked.type not in ("float", "list")
    if freely:
        return _words(heard, asked, words, locale, definitions, facts)
    if (heard.several or asked.type == "list") and (places := several_shown(heard, words, definitions)) is not None:
        return (SetSlot(asked.name, places),)
    short = asked.kind in _NEVER_SHORT or is_no_sum(heard, asked, definitions)
    if asked.kind in _LIKE_A_NUMBER and (placed := shown_by_place(heard, words, bare_number=short)) is not None:
        return command_of(placed.id, heard, definitions) or (CannotHandle(),)
    found = read_value(asked, heard, words)
    if found.code is None and not (found.rest > _LONG_REST and asks(words)):
        return (SetSlot(asked.name, found.value),)
    if not is_bool and (skips(said) or lacks(said)):
        return (Skip(),)
    if chosen := _chosen_in_words(heard, asked, words, definitions):
        return chosen
    if found.code is not None and found.tried and not asks(words):
        return (Unreadable(asked.name, found.code),)
    talk = small_talk_of(words)
    if talk is not None and found.code is not None:
        return (SmallTalk(talk),)
    sought = find(heard, words, definitions, facts, locale)
    wish = certain(sought, 0.0) if found.code is None else wish_in(sought, definitions, heard, locale)
    if found.code is None:
        answer = SetSlot(asked.name, found.value)
        if wish is None:
            return (answer,)
        return (answer, wish) if is_bool else _with_given(wish, heard, words, definitions)
    if wish is not None:
        return _with_given(wish, heard, words, definitions)
    return (Unreadable(asked.name, found.code),)


def _words(
    heard: Heard, asked: Slot, words: str, locale: str, definitions: Definitions, facts: Facts
) -> tuple[Command, ...]:
    """What a message means while words of one's own, a name or an address are asked for: nearly always just those."""
    said = packed(words)
    if skips(said) or (lacks(said) and (asked.kind != "free" or any(one.id == "skip" for one in heard.shown))):
        return (Skip(),)
    if chosen := _chosen_exactly(heard, words, definitions):
        return chosen
    talk = small_talk_of(words)
    if talk in _NO_ANSWER or (asked.takes and talk is not None and talk != "acknowledgement"):
        return (SmallTalk(talk),)
    if says_nothing(asked, words):
        return (Unreadable(asked.name, "text_missing"),)
    read = read_value(asked, heard, words)
    if len(words) <= _LONGEST_QUESTION and not _plainly(asked, read):
        found = find(heard, words, definitions, facts, locale)
        other = _instead_of_words(found, asked, words, definitions) or _asked_meanwhile(
            found, heard, asked, words, locale, definitions
        )
        if read.code is not None and other is None:
            other = wish_in(found, definitions, heard, locale)
        if other is not None:
            return _with_given(other, heard, words, definitions)
    if read.code is not None:
        return (Unreadable(asked.name, read.code),)
    return (SetSlot(asked.name, read.value),)


def _instead_of_words(found: Found, asked: Slot, words: str, definitions: Definitions) -> Command | None:
    """A trigger word for word is a wish, and what is beyond doubt a question is one, unless everything is taken."""
    trigger = certain(found, VERBATIM)
    if isinstance(trigger, StartFlow) and (asked.takes != "everything" or exactly(trigger.flow, words, definitions)):
        return trigger
    least = 0.0 if asked.takes == "words" else _SURE_QUESTION
    question = certain(found, least) if asks(words) and asked.takes != "everything" else None
    return question if isinstance(question, Answer) else None


def _asked_meanwhile(
    found: Found, heard: Heard, asked: Slot, words: str, locale: str, definitions: Definitions
) -> Command | None:
    """What a question in place of a few words may be about, where one of the articles most likely is meant: "why is it
    so loud" is a reason, "what is the refund" is none."""
    if asked.takes != "words" or found.findings.verdict != "choices" or not asks(words):
        return None
    likely = sum(one.confidence for one in found.findings.candidates) >= _LIKELY_QUESTION
    return wish_in(found, definitions, heard, locale) if likely else None


def _plainly(asked: Slot, read: Read) -> bool:
    """Whether a name or an address is there without doubt ("我叫王小明")."""
    return asked.kind != "free" and read.code is None and read.rest == 0


def _chosen_exactly(heard: Heard, words: str, definitions: Definitions) -> tuple[Command, ...]:
    shown = shown_by_place(heard, words, bare_number=True)
    if shown is None and (rather := _RATHER.fullmatch(core(words))):
        shown = shown_by_label(heard, rather[1])
    return command_of(shown.id, heard, definitions) if shown else ()

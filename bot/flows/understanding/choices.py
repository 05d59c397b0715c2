"""Choices: tapped, named by their place, or said in words."""

import re
from typing import Any, Final

from bot.flows.commands import Answer, BackToBot, Cancel, Command, SetSlot, Skip, Speak, StartFlow, WantPerson, Withdraw
from bot.flows.model import Definitions, Slot
from bot.flows.understanding.heard import Heard, Shown
from bot.flows.understanding.plain import bare, core, forms
from bot.flows.understanding.values.labels import find_key
from bot.flows.understanding.values.numerals import chinese_number

_CALL: Final = re.compile(r"/?(\w+)\((.*)\)", re.DOTALL)
_ASSIGNED: Final = re.compile(r"\s*(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^,]*))\s*(?:,|$)")
_PLAIN: Final[dict[str, Command]] = {
    "person": WantPerson(), "bot": BackToBot(), "skip": Skip(), "cancel": Cancel(), "withdraw": Withdraw(),
}  # fmt: skip

_LAST = (
    r"(?:我?(?:选|要))?(?:最后|末尾)(?:的)?(?:一?(?:个|项|条))?|(?:the )?last(?: one| option| choice)?|(?:最)?(?:后面"
    r"|下面)(?:那|一)个"
)
_PLACE_ZH = (
    r"(?:我?(?:选|要|点)(?:择)?)?(?:第)?\s?(?P<chinese>\d{1,2}|[一二两三四五六七八九十]{1,2})(?:个|项|条|款|种|号"
    r"|选项)?(?:选项)?(?:的|那个|那条)?(?:都行|都可以|都好|就行|就好|就可以|可以|也行)?"
)
_PLACE_EN = (
    r"(?:i (?:choose|want|pick|take|mean)(?: the)? |the |option |number |no\.? ?|choice |#)*"
    r"(?:(?P<number>\d{1,2})(?:st|nd|rd|th)?|(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|one|two"
    r"|three|four|five|six|seven|eight))(?: (?:one|option|choice|item|please))*"
)
_PLACE: Final = re.compile(rf"(?P<last>{_LAST})|{_PLACE_ZH}|{_PLACE_EN}")
_PLACE_MARKED: Final = re.compile(r"第|个|项|条|选|号")
_WORDS: Final = {
    word: place
    for place, pair in enumerate(
        (("first", "one"), ("second", "two"), ("third", "three"), ("fourth", "four"), ("fifth", "five"),
         ("sixth", "six"), ("seventh", "seven"), ("eighth", "eight")), 1
    )
    for word in pair
}  # fmt: skip


def command_of(choice: str, heard: Heard, definitions: Definitions) -> tuple[Command, ...]:
    """The commands behind a choice's id; none when it has none, as of a choice that an older version showed."""
    choice = choice.removeprefix("/")
    if choice in _PLAIN:
        return (_PLAIN[choice],)
    kind, colon, name = choice.partition(":")
    if colon and kind in ("article", "flow", "start"):
        return (Answer(name),) if kind == "article" else (StartFlow(name),)
    if not (call := _CALL.fullmatch(choice)):
        return ()
    match call[1]:
        case "SetSlots":
            return tuple(_assigned(call[2], heard, definitions))
        case "start":
            name, _, given = call[2].partition(",")
            answers = [one for one in _assigned(given, heard, definitions) if isinstance(one, SetSlot)]
            return (StartFlow(name.strip(), tuple((one.slot, one.value) for one in answers)),)
        case "article":
            return (Answer(call[2].strip()),)
        case "speak":
            return (Speak(call[2].strip()),)
    return ()


def _assigned(pairs: str, heard: Heard, definitions: Definitions) -> list[Command]:
    known = {slot.name: slot for slot in (*heard.slots, *((heard.asked,) if heard.asked else ()))}
    commands: list[Command] = []
    for match in _ASSIGNED.finditer(pairs):
        raw = next((part for part in match.groups()[1:] if part is not None), "").strip()
        slot = known.get(match[1]) or definitions.slots.get(match[1])
        commands.append(SetSlot(match[1], _typed(raw, slot)))
    return commands


def _typed(raw: str, slot: Slot | None) -> Any:
    if raw in ("null", "None", ""):
        return None
    if slot is not None and raw in slot.values:
        return raw
    if slot is None or slot.type in ("bool", "any"):
        truth = {"true": True, "false": False}.get(raw.lower())
        if truth is not None:
            return truth
    if slot is not None and (slot.type == "float" or slot.kind in ("rating", "number", "money")):
        try:
            return int(raw) if raw.lstrip("-").isdecimal() else float(raw)
        except ValueError:
            return raw
    return [raw] if slot is not None and slot.type == "list" else raw


def shown_by_label(heard: Heard, words: str) -> Shown | None:
    """The choice whose label a plain text is, word for word."""
    if not (said := bare(words)):
        return None
    for choices in (heard.shown, heard.above):
        if fitting := [shown for shown in choices if said == forms(shown.label)[0]]:
            return fitting[0] if len(fitting) == 1 else None
    return None


def shown_by_place(heard: Heard, words: str, *, bare_number: bool = True) -> Shown | None:
    """The choice that "2", "第二个" or "the last one" means; ``bare_number`` says whether a mere number is a place."""
    if not heard.shown or not (match := _PLACE.fullmatch(core(words))):
        return None
    if match["last"]:
        return heard.shown[-1]
    place = _place(match, bare_number=bare_number)
    return heard.shown[place - 1] if place is not None and 1 <= place <= len(heard.shown) else None


def _place(match: re.Match[str], *, bare_number: bool) -> int | None:
    if numeral := match["chinese"]:
        if not bare_number and not _PLACE_MARKED.search(match[0]):
            return None
        number = float(numeral) if numeral.isdecimal() else chinese_number(numeral)
        return None if number is None else int(number)
    digits, word = match["number"], match["word"]
    if not bare_number and match[0] in (digits, word):
        return None
    return int(digits) if digits else _WORDS[word]


_PARTS: Final = re.compile(r"[,;/+&\s]+|(?:和|跟|与|及|还有|以及)|\band\b")


def several_shown(heard: Heard, words: str, definitions: Definitions) -> list[Any] | None:
    """The asked slot's values that "1、3" or "冰箱和第三个" means; ``None`` unless every part names one."""
    values: list[Any] = []
    for part in _PARTS.split(words):
        if not core(part):
            continue
        shown = shown_by_place(heard, part) or shown_by_words(heard, part)
        commands = command_of(shown.id, heard, definitions) if shown else ()
        for command in commands:
            if not isinstance(command, SetSlot) or heard.asked is None or command.slot != heard.asked.name:
                return None
            chosen = command.value if isinstance(command.value, list) else [command.value]
            values += [value for value in chosen if value not in values]
        if not commands:
            return None
    return values or None


_SEPARATE: Final = re.compile(
    r"\s*(?:[,;/+&]|和|跟|与|及|还有|以及|\b(?:and|with|to|versus|vs\.?)\s)\s*|(?<=\d)\s+(?=\d)"
)
_COMPARE: Final = re.compile(
    r"(?:请|帮我|给我|我?(?:想|要))*(?:对比|比较|比)(?:一?下|一比)?|(?:please |let'?s |can you )*compare ?"
)
_COMPARE_LAST: Final = re.compile(r"(?:做个?|的)?(?:对比|比较|比)(?:一?下|一比)?")
_FEW: Final = re.compile(
    r"(?:the )?(?:(?P<last>last|最后|后面?)|first|前面?|这) ?(?P<few>[2-9]|[两二三四五]|two|three|four|five)"
    r"(?:个|款|种|台|项)?(?: (?:ones?|models?))?"
)


def places_named(words: str, count: int) -> list[int] | None:
    """The places, from 0, that "1和3", "compare the first two" or "第一个和最后一个" mean in a list of so many.

    ``None`` unless every part of the text is one.
    """
    said = core(words)
    said = said[lead.end() :] if (lead := _COMPARE.match(said)) else said
    said = core(next((said[: tail.start()] for tail in _COMPARE_LAST.finditer(said) if tail.end() == len(said)), said))
    if few := _FEW.fullmatch(said):
        number = min(_WORDS.get(few["few"]) or int(chinese_number(few["few"]) or few["few"]), count)
        return [*range(count - number, count)] if few["last"] else [*range(number)]
    places: list[int] = []
    for part in filter(core, _SEPARATE.split(said)):
        match = _PLACE.fullmatch(core(part))
        place = None if match is None else count if match["last"] else _place(match, bare_number=True)
        if place is None or not 1 <= place <= count:
            return None
        places += [] if place - 1 in places else [place - 1]
    return places or None


def shown_by_words(heard: Heard, words: str) -> Shown | None:
    """The choice whose label a plain text holds or nearly is; a long message is more than a choice."""
    if not heard.shown or len(words) > _LONGEST:
        return None
    place = find_key(words, [(shown.label, place) for place, shown in enumerate(heard.shown)])
    return heard.shown[place] if place is not None else None


_LONGEST: Final = 40

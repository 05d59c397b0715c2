"""What the sentence that starts a flow says already: what the flow would ask for next is not asked then."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.flows.commands import SetSlot
from bot.flows.model import Collect, Definitions, Flow, Slot
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.plain import LONGEST, asks, core, plain
from bot.flows.understanding.values import read_value
from bot.flows.understanding.wishes import Found

_TELLING: Final = ("phone", "email", "order")
"""Kinds whose values show what they are by themselves."""
_OF_VALUE: Final = ("phone", "email", "address")
CLAUSES: Final = re.compile(r"[,，、;；。!！?？\n]+|\.\s|(?<=[\u4e00-\u9fff])\s+")
SUM: Final = re.compile(
    r"元|块|圆|万|预算|价位|价格|以内|以下|左右|不超过|[¥$€£]|\b(?:budget|under|below|up to|yuan|rmb|dollars?"
    r"|around|about|less than|max)\b"
)
_ADDRESS: Final = re.compile(r"地址(?:是|为|在|改为|改成|换成|[:：])?|住址|\baddress(?: is|[:：])", re.IGNORECASE)
_MORE_THAN_A_WISH: Final = 6
_BESIDE_A_WISH: Final = 3
"""In a clause of its own less tells something."""
_WORD: Final = re.compile(r"[a-z0-9'-]+|[^\W_]")
_OF_A_WISH: Final = re.compile(
    r"(?:我|要|想|想要|请|帮|帮我|给|你们?|您|一下|一个|的|了|吧|个)+"
    r"|\b(?:i|i'd|i'll|we|we'd|want|wanna|would|like|love|need|wish|have|got|to|make|file|lodge|register|open|report|raise"
    r"|start|submit|send|give|put|in|a|an|the|my|some|new|formal|please|pls|can|could|may|must|you|me|us|help|with"
    r"|about|for|now|today|hi|hello|hey)\b"
)


def given_with(flow: str, heard: Heard, words: str, definitions: Definitions) -> tuple[SetSlot, ...]:
    """Values for what a flow asks its customer for, as far as the message plainly holds them, in the flow's order."""
    started = definitions.flows.get(flow)
    if started is None or heard.choice:
        return ()
    asked = _asked(started)
    return tuple(SetSlot(slot.name, value) for slot, value in _values(started, asked, heard, words, definitions))


def story_of(flow: Flow) -> Slot | None:
    """What the sentence that starts a flow may be as a whole: the first thing it asks for in the customer's own words,
    where it takes a story."""
    story = _story(_asked(flow))
    return story if story is not None and story.takes in ("story", "everything") else None


def exactly(flow: str, words: str, definitions: Definitions) -> bool:
    """Whether a plain text is an example of a flow, word for word."""
    return core(words) in definitions.sentences.get(flow, ())


def stated_with_more(found: Found, heard: Heard, words: str, definitions: Definitions) -> str | None:
    """A wish that its beginning says word for word ("我要报修，冰箱不制冷了"), or that comes with values for it."""
    if not found.stated:
        return None
    first, *others = [part for part in CLAUSES.split(words) if part.strip()] or [""]
    for wish in found.findings.wishes[:3] if others else ():
        flow = definitions.flows.get(wish.flow)
        if flow is not None and flow.offered and flow.id != heard.flow and exactly(flow.id, first, definitions):
            return flow.id
    if found.flow is None or not found.findings.sure or not (started := definitions.flows.get(found.flow)):
        return None
    values = _values(started, _asked(started), heard, words, definitions)
    return found.flow if any(slot.kind in _OF_VALUE for slot, _ in values) else None


def _asked(flow: Flow) -> tuple[Slot, ...]:
    names = dict.fromkeys(step.does.slot for step in flow.steps if isinstance(step.does, Collect))
    return tuple(flow.slots[name] for name in names if name in flow.slots)


def _story(asked: tuple[Slot, ...]) -> Slot | None:
    return next((slot for slot in asked if slot.kind == "free" and slot.type == "text" and not slot.values), None)


def _values(
    flow: Flow, asked: tuple[Slot, ...], heard: Heard, words: str, definitions: Definitions
) -> Iterator[tuple[Slot, object]]:
    words = words[:LONGEST]
    story = _story(asked)
    alone = ":" not in words and len(list(filter(str.strip, CLAUSES.split(words)))) == 1
    most = _MORE_THAN_A_WISH if alone else _BESIDE_A_WISH
    first = asked[0] if asked else None
    seen: set[str] = set()
    for slot in asked:
        if slot is story:
            if slot.takes in ("story", "everything") and _beyond(flow, words, definitions) > most:
                yield slot, heard.text.strip()
        elif slot.kind in _TELLING:
            found = read_value(slot, heard, words)
            if found.code is None and slot.kind not in seen:
                seen.add(slot.kind)
                yield slot, found.value
        elif slot.kind in ("money", "address"):
            value = _in_a_clause(slot, heard)
            if value is not None and slot.kind not in seen:
                seen.add(slot.kind)
                yield slot, value
        elif slot is first and slot.values and slot.type == "categorical" and not asks(words):
            found = read_value(slot, heard, words)
            if found.code is None:
                yield slot, found.value


def _in_a_clause(slot: Slot, heard: Heard) -> object:
    """A sum or an address where one part of the sentence says that it is one."""
    marks = SUM if slot.kind == "money" else _ADDRESS
    for part in CLAUSES.split(heard.text[:LONGEST]):
        said = plain(part)
        if mark := marks.search(said):
            text = part if slot.kind == "money" else part[part.find(mark[0]) :] if mark[0] in part else part
            found = read_value(slot, replace(heard, text=text, attachments=()), plain(text))
            if found.code is None:
                return found.value
    return None


def _beyond(flow: Flow, words: str, definitions: Definitions) -> int:
    """How much a message says beyond the wish itself; nothing where it is an example of the wish."""
    said = core(words)
    sentences = definitions.sentences.get(flow.id, frozenset())
    if said in sentences:
        return 0
    held = max((one for one in sentences if one in said), key=lambda one: (len(one), one), default="")
    rest = _OF_A_WISH.sub("", said.replace(held, " ", 1) if held else said)
    return sum(2 if word.isascii() else 1 for word in _WORD.findall(rest))

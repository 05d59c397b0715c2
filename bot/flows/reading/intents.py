"""Example sentences of what customers want."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from bot.flows.model import Intent
from bot.flows.reading.faults import Faults
from bot.flows.reading.flows import Trigger
from bot.flows.reading.gathering import Item
from bot.flows.reading.nodes import Node, Scalar
from bot.flows.reading.shape import LOCALES, Shape, shape_of, words
from bot.flows.understanding.plain import core, plain

_ENTITY = re.compile(r"\[[^\]]+\](?:\(|\{)")


def read_intent(item: Item, trigger: Trigger | None, faults: Faults) -> Intent | None:
    """One intent with its examples by language; a language without any stays out."""
    shape = shape_of(item.node, item.name, faults)
    if shape is None:
        return None
    shape.text("intent")
    found: dict[str, tuple[str, ...]] = {}
    if (node := shape.node("examples")) is not None:
        found[LOCALES[0]] = _examples(node, faults)
    else:
        faults.add(shape.place, "examples", "key_missing")
    for holder in (shape, shape.inner("yingda")):
        if holder is None:
            continue
        if (translation := holder.inner("translation")) is not None:
            found.update(_translated(translation))
        if holder is not shape:
            holder.finish()
    shape.finish()
    examples = {locale: found[locale] for locale in LOCALES if found.get(locale)}
    return Intent(item.name, trigger.flow if trigger else "", examples, trigger.threshold if trigger else None)


def sentences_of(intents: Iterable[Intent]) -> Mapping[str, frozenset[str]]:
    """See :attr:`Definitions.sentences`: made once, since every message that may be a wish is looked up there."""
    found: dict[str, set[str]] = defaultdict(set)
    for intent in intents:
        found[intent.flow].update(core(plain(text)) for texts in intent.examples.values() for text in texts)
    return {flow: frozenset(said - {""}) for flow, said in found.items()}


def _translated(translation: Shape) -> Mapping[str, tuple[str, ...]]:
    found = {}
    for locale in translation.mapping.entries:
        node = translation.node(locale)
        if locale not in LOCALES[1:]:
            translation.faults.add(translation.at(locale), locale, "language_unknown")
        elif node is not None:
            found[locale] = _examples(node, translation.faults)
    return found


def _examples(node: Node, faults: Faults) -> tuple[str, ...]:
    if isinstance(node, Scalar):  # as Rasa has them: a text of lines that begin with a dash
        lines = [line.strip() for line in node.text.splitlines() if line.strip()]
        if any(not line.startswith("- ") for line in lines):
            faults.add(node.place, "examples", "examples")
        found = tuple(line.removeprefix("-").strip() for line in lines)
    else:
        found = words(node, "examples", faults)
    for example in found:
        if _ENTITY.search(example):
            faults.add(node.place, example, "example_entity")
    return found

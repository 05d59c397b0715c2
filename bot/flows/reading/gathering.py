"""All files together, as named items: later sources override earlier ones, within one source a name stands once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.flows.reading import nodes
from bot.flows.reading.faults import Faults, Place
from bot.flows.reading.shape import Shape, shape_of

Source = Path | Mapping[str, str]
"""A folder of ``*.yml`` files, or texts by file name."""
SECTIONS = ("flow", "slot", "response", "intent")


@dataclass(frozen=True, slots=True)
class Item:
    """Something with a name, not read yet."""

    name: str
    place: Place
    node: nodes.Node


@dataclass(frozen=True, slots=True)
class Gathered:
    """Items by kind and name, and where each stands (the one in force first)."""

    items: dict[str, dict[str, Item]] = field(default_factory=lambda: {kind: {} for kind in SECTIONS})
    places: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Files without a document: what they define is not known."""


def files_of(source: Source, faults: Faults) -> dict[str, str]:
    """The texts of a source by file, in the order of their names; what is not text is noted."""
    if isinstance(source, Mapping):
        return dict(source)
    texts: dict[str, str] = {}
    try:
        paths = sorted(path for path in source.iterdir() if path.suffix in (".yml", ".yaml"))
    except OSError as error:
        faults.add(Place(str(source), 1), str(source), "folder", problem=error.strerror or type(error).__name__)
        return texts
    for path in paths:
        try:
            texts[str(path)] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            faults.add(Place(str(path), 1), path.name, "encoding")
        except OSError as error:
            faults.add(Place(str(path), 1), path.name, "file", problem=error.strerror or type(error).__name__)
    return texts


def gather(sources: Sequence[Mapping[str, str]], faults: Faults) -> Gathered:
    """Takes the files of each source apart."""
    gathered = Gathered()
    for source in sources:
        found: dict[str, dict[str, Item]] = {kind: {} for kind in SECTIONS}
        for file, text in source.items():
            document = nodes.read_nodes(file, text, faults)
            if document is not None:
                _sections(Shape(document, faults), found)
            elif any(fault.file == file for fault in faults.found):
                gathered.unread.append(file)
        for kind, items in found.items():
            for item in items.values():
                key = f"{kind}:{item.name}"
                gathered.items[kind][item.name] = item
                gathered.places[key] = ((item.place.file, item.place.line), *gathered.places.get(key, ()))
    return gathered


def _sections(shape: Shape, found: dict[str, dict[str, Item]]) -> None:
    shape.scalar("version")
    for kind in ("flow", "slot", "response"):
        section = shape.inner(f"{kind}s")
        if section is not None:
            for name, node in section.mapping.entries.items():
                _add(found[kind], Item(name, section.mapping.keys[name], node), shape.faults)
    examples = shape.sequence("nlu")
    for node in examples.items if examples is not None else ():
        entry = shape_of(node, "nlu", shape.faults)
        if entry is None:
            continue
        intent = entry.text("intent")
        if intent is None:
            known = next((key for key in ("synonym", "regex", "lookup") if entry.has(key)), None)
            shape.faults.add(entry.place, known or "intent", "key_unsupported" if known else "key_missing")
        else:
            _add(found["intent"], Item(intent, entry.at("intent"), node), shape.faults)
    shape.finish()


def _add(items: dict[str, Item], item: Item, faults: Faults) -> None:
    first = items.setdefault(item.name, item)
    if first is not item:
        faults.add(item.place, item.name, "defined_twice", file=first.place.file, first=first.place.line)

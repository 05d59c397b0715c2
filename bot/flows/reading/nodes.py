"""YAML with the line of everything in it: duplicate keys, anchors and several documents are refused."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.flows.reading.faults import Faults, Place

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,15}\.[0-9]{0,15}|\.[0-9]{1,15})(?:[eE][-+]?[0-9]{1,2})?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Scalar:
    """``text`` is what was written; ``plain`` says that it was without quotation marks."""

    place: Place
    text: str
    plain: bool

    @property
    def value(self) -> Any:
        """By the core schema of YAML 1.2: ``yes`` and ``2024-05-01`` are words, not what YAML 1.1 makes of them."""
        if not self.plain:
            return self.text
        if self.text.lower() in _WORDS:
            return _WORDS[self.text.lower()]
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        return float(self.text) if _FLOAT.fullmatch(self.text) else self.text


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their places, in the order of the file."""

    place: Place
    entries: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


class _Refused(Exception):
    def __init__(self, line: int, code: str, name: str = "", **values: object) -> None:
        self.line, self.code, self.name, self.values = line, code, name, values


def read_nodes(file: str, text: str, faults: Faults) -> Mapping | None:
    """The document of a file; ``None`` when it is empty or (with faults noted) cannot be read."""
    if len(text) > MAX_CHARACTERS:
        faults.add(Place(file, 1), file, "file_too_long", limit=MAX_CHARACTERS)
        return None
    try:
        node = _Composer(file, text, faults).document()
    except _Refused as refused:
        faults.add(Place(file, refused.line), refused.name or file, refused.code, **refused.values)
        return None
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        faults.add(Place(file, mark.line + 1 if mark else 1), file, "yaml", problem=error.problem or "?")
        return None
    except yaml.YAMLError as error:
        faults.add(Place(file, 1), file, "yaml", problem=str(error).splitlines()[0])
        return None
    if node is None or isinstance(node, Mapping):
        return node
    if not (isinstance(node, Scalar) and node.value is None):
        faults.add(node.place, file, "not_a_mapping")
    return None


class _Composer:
    """Builds nodes from the parser's events, so that anchors never multiply and depth is bounded."""

    def __init__(self, file: str, text: str, faults: Faults) -> None:
        self._file, self._faults = file, faults
        self._events: Any = yaml.parse(text, Loader=_Loader)

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _Refused(_line(event), "several_documents")
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 0)
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line = _line(event)
        place = Place(self._file, line)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _Refused(line, "anchor", str(event.anchor))
        if (event.tag is not None and not event.tag.startswith("!")) or (event.tag or "!") != "!":
            raise _Refused(line, "tag", str(event.tag))
        if depth > MAX_DEPTH:
            raise _Refused(line, "too_deep", limit=MAX_DEPTH)
        if isinstance(event, yaml.ScalarEvent):
            if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in event.value):
                raise _Refused(line, "character")
            return Scalar(place, event.value, event.implicit[0])
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(inner, depth + 1))
            return Sequence(place, tuple(items))
        return self._mapping(place, depth)

    def _mapping(self, place: Place, depth: int) -> Mapping:
        mapping = Mapping(place)
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._node(inner, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                raise _Refused(key.place.line, "key_is_no_word")
            if key.text in mapping.entries:
                self._faults.add(key.place, key.text, "twice", first=mapping.keys[key.text].line)
                continue
            mapping.entries[key.text] = value
            mapping.keys[key.text] = key.place
        return mapping


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1

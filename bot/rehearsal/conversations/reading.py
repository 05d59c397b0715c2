"""Reads test conversations; whatever is not supported is refused with its file and line."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.flows.reading.faults import Faults, FlowFaults
from bot.flows.reading.nodes import Mapping, Node, Scalar, Sequence, read_nodes
from bot.flows.reading.shape import LOCALES, Shape
from bot.rehearsal.conversations.script import (
    ANYTHING,
    ActionExecuted,
    Case,
    Expectation,
    FlowStarted,
    Move,
    NotUttered,
    Says,
    SlotNotSet,
    SlotSet,
    Uttered,
    Utters,
)

CHANNELS = ("web", "terminal")
_DURATION = re.compile(r"(\d{1,5})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
Expected = tuple[int, Expectation]


def read_cases(paths: Iterable[Path]) -> list[Case]:
    """Every test case of the files, and of all ``*.yml`` below the folders, in order.

    Raises :class:`~bot.flows.reading.faults.FlowFaults` with everything that is wrong in any of them.
    """
    faults = Faults()
    cases = [case for file in _files(paths) for case in _read_file(file, faults)]
    if faults.found:
        raise FlowFaults(faults.found)
    return cases


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.rglob("*.yml")) if path.is_dir() else [path]


def _read_file(file: Path, faults: Faults) -> Iterator[Case]:
    root = read_nodes(str(file), file.read_text(encoding="utf-8"), faults)
    if root is None:
        return
    shape = Shape(root, faults)
    fixtures = _named(shape.sequence("fixtures"), faults)
    metadata = _named(shape.sequence("metadata"), faults)
    for item in _mappings(shape.sequence("test_cases"), faults):
        yield _case(str(file), Shape(item, faults), fixtures, metadata)
    shape.finish()


def _case(file: str, shape: Shape, fixtures: dict[str, dict[str, Any]], metadata: dict[str, dict[str, Any]]) -> Case:
    name = shape.needed("test_case")
    slots: dict[str, Any] = {}
    for item in wanted.items if (wanted := shape.sequence("fixtures")) else ():
        if isinstance(item, Scalar) and item.text in fixtures:
            slots.update(fixtures[item.text])
        else:
            shape.faults.add(item.place, getattr(item, "text", "fixtures"), "unknown_fixture")
    about = _about(shape, metadata)
    steps = shape.sequence("steps")
    moves = tuple(_moves(steps, metadata, shape.faults)) if steps else ()
    shape.finish()
    locale, channel = about.get("locale", "zh-Hans"), about.get("channel", "web")
    return Case(name, file, shape.place.line, moves, slots, locale, channel, about)


def _about(shape: Shape, metadata: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The metadata of a case: the language it begins in and the channel it is on."""
    if not shape.has("metadata"):
        return {}
    name = shape.text("metadata")
    if name is None or name not in metadata:
        shape.faults.add(shape.at("metadata"), name or "metadata", "unknown_metadata")
        return {}
    for key, allowed in (("locale", LOCALES), ("channel", CHANNELS)):
        if (value := metadata[name].get(key, allowed[0])) not in allowed:
            shape.faults.add(shape.at("metadata"), str(value), "unknown_metadata")
    return metadata[name]


def _moves(steps: Sequence, metadata: dict[str, dict[str, Any]], faults: Faults) -> Iterator[Move]:
    move: Move | None = None
    expected: list[Expected] = []
    for step in _mappings(steps, faults):
        shape = Shape(step, faults)
        begun = _begun(shape, metadata)
        if begun is not None:
            if move is not None:
                yield _with(move, expected)
            move, expected = begun, list(_assertions(shape))
        else:
            expected += _expectations(shape)
            if move is None:
                faults.add(step.place, "steps", "nothing_said_yet")
        shape.finish()
    if move is not None:
        yield _with(move, expected)


def _begun(shape: Shape, metadata: dict[str, dict[str, Any]]) -> Move | None:
    line = shape.place.line
    if shape.has("user"):
        said = shape.scalar("user")
        files = _about_files(shape, metadata)
        return Move(line, said.text.strip() if said else "", files)
    if shape.has("silence"):
        return Move(line, after=_duration(shape))
    return None


def _about_files(shape: Shape, metadata: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    if not shape.has("metadata"):
        return ()
    name = shape.text("metadata") or ""
    files = metadata.get(name, {}).get("files")
    if not isinstance(files, list):
        shape.faults.add(shape.at("metadata"), name, "unknown_metadata")
        return ()
    return tuple(map(str, files))


def _duration(shape: Shape) -> timedelta:
    match = _DURATION.fullmatch(shape.needed("silence"))
    if match is None:
        shape.faults.add(shape.at("silence"), "silence", "no_duration")
        return timedelta()
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _with(move: Move, expected: list[Expected]) -> Move:
    return Move(move.line, move.text, move.files, move.after, tuple(expected))


def _expectations(shape: Shape) -> Iterator[Expected]:
    """What a step of its own expects of the turn before it."""
    line = shape.place.line
    if shape.has("utter"):
        yield line, Utters(shape.needed("utter"))
    elif shape.has("bot"):
        yield line, Says(shape.needed("bot"))
    elif shape.has("slot_was_set"):
        yield from ((where, SlotSet(name, value)) for where, name, value in _slots(shape, "slot_was_set"))
    elif shape.has("slot_was_not_set"):
        yield from ((where, SlotNotSet(name, value)) for where, name, value in _slots(shape, "slot_was_not_set"))
    else:
        shape.faults.add(shape.place, next(iter(shape.mapping.entries), "steps"), "no_test_step")


def _assertions(shape: Shape) -> Iterator[Expected]:
    """What stands under ``assertions`` of a customer's step."""
    for item in _mappings(shape.sequence("assertions"), shape.faults):
        inner = Shape(item, shape.faults)
        line = item.place.line
        if inner.has("flow_started"):
            yield line, FlowStarted(_flows(inner))
        elif inner.has("action_executed"):
            yield line, ActionExecuted(inner.needed("action_executed"))
        elif inner.has("slot_was_set"):
            yield from ((where, SlotSet(name, value)) for where, name, value in _slots(inner, "slot_was_set"))
        elif inner.has("slot_was_not_set"):
            yield from ((where, SlotNotSet(name, value)) for where, name, value in _slots(inner, "slot_was_not_set"))
        elif inner.has("bot_uttered"):
            yield line, _uttered(inner, "bot_uttered")
        elif inner.has("bot_did_not_utter"):
            yield line, NotUttered(_uttered(inner, "bot_did_not_utter"))
        inner.finish()


def _flows(shape: Shape) -> tuple[str, ...]:
    node = shape.node("flow_started")
    if isinstance(node, Scalar):
        return (node.text,)
    inner = shape.inner("flow_started")
    if inner is None:
        return ()
    if (operator := inner.text("operator")) not in (None, "any"):
        shape.faults.add(inner.at("operator"), operator or "", "unsupported_value")
    ids = inner.sequence("flow_ids")
    inner.finish()
    return tuple(item.text for item in (ids.items if ids else ()) if isinstance(item, Scalar))


def _uttered(shape: Shape, key: str) -> Uttered:
    inner = shape.inner(key)
    if inner is None:
        return Uttered()
    pattern = inner.text("text_matches")
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            shape.faults.add(inner.at("text_matches"), "text_matches", "bad_pattern", problem=str(error))
            pattern = None
    buttons = []
    for item in _mappings(inner.sequence("buttons"), shape.faults):
        button = Shape(item, shape.faults)
        buttons += [text for key in ("title", "payload") if (text := button.text(key))]
        button.finish()
    name = inner.text("utter_name")
    inner.finish()
    return Uttered(name, pattern, tuple(buttons))


def _slots(shape: Shape, key: str) -> Iterator[tuple[int, str, Any]]:
    """A name alone, a name with its value, or ``name:`` and ``value:`` as assertions have them."""
    node = shape.node(key)
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar):
            yield item.place.line, item.text, ANYTHING
        elif isinstance(item, Mapping) and "name" in item.entries and set(item.entries) <= {"name", "value"}:
            value = _plain(item.entries["value"]) if "value" in item.entries else ANYTHING
            yield item.place.line, str(_plain(item.entries["name"])), value
        elif isinstance(item, Mapping):
            for name, value in item.entries.items():
                yield value.place.line, name, _plain(value)


def _named(sequence: Sequence | None, faults: Faults) -> dict[str, dict[str, Any]]:
    """``- name: [- key: value]``, or a mapping in place of the list, as Rasa has fixtures and metadata."""
    named: dict[str, dict[str, Any]] = {}
    for item in _mappings(sequence, faults):
        for name, node in item.entries.items():
            parts = node.items if isinstance(node, Sequence) else (node,)
            named[name] = {
                key: _plain(value) for part in parts if isinstance(part, Mapping) for key, value in part.entries.items()
            }
    return named


def _mappings(sequence: Sequence | None, faults: Faults) -> Iterator[Mapping]:
    for item in sequence.items if sequence else ():
        if isinstance(item, Mapping):
            yield item
        else:
            faults.add(item.place, "steps", "expected_mapping")


def _plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, value in node.entries.items()}

"""The steps of a flow: nested lists are laid flat, ids and following steps are filled in as CALM does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.flows.model import END, Branch, Call, Collect, Link, Noop, Rejection, Response, Run, SetSlots, Slot, Step
from bot.flows.reading.faults import Faults, Place
from bot.flows.reading.nodes import Node, Scalar, Sequence
from bot.flows.reading.responses import read_condition
from bot.flows.reading.shape import Shape, shape_of
from bot.flows.reading.slots import value_for

DOES = ("collect", "action", "set_slots", "link", "call", "noop")
MAX_STEPS = 500
_ACTION = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


@dataclass(frozen=True, slots=True)
class Known:
    """What a step may name."""

    slots: Mapping[str, Slot]
    responses: Mapping[str, Response]
    flows: frozenset[str]


@dataclass(slots=True)
class _Draft:
    id: str
    does: Collect | Run | SetSlots | Link | Call | Noop
    place: Place
    branches: list[Branch] = field(default_factory=list)


class Steps:
    """Reads the steps of one flow."""

    def __init__(self, known: Known, faults: Faults) -> None:
        self._known, self._faults = known, faults
        self._drafts: list[_Draft] = []
        self._ids: dict[str, Place] = {}
        self._targets: list[tuple[str, Place]] = []

    def read(self, steps: Sequence) -> tuple[Step, ...]:
        """All steps, each before those nested in it; the first is where the flow begins."""
        self._sequence(steps, nested=False)
        for target, place in self._targets:
            if target != END and target not in self._ids:
                self._faults.add(place, target, "step_undefined")
        return tuple(Step(each.id, each.does, tuple(each.branches), each.place.line) for each in self._drafts)

    def _sequence(self, steps: Sequence, *, nested: bool) -> str:
        """Lays a list flat and returns the id of its first step (``END`` when it has none)."""
        if not steps.items:
            self._faults.add(steps.place, "steps", "steps_missing")
        drafts = [draft for node in steps.items if (draft := self._step(node)) is not None]
        for draft, follower in zip(drafts, [*drafts[1:], None], strict=False):
            if isinstance(draft.does, Link):
                continue
            if not draft.branches:
                if follower is None and nested:
                    self._faults.add(draft.place, draft.id, "next_missing")
                draft.branches.append(Branch(follower.id if follower else END))
        return drafts[0].id if drafts else END

    def _step(self, node: Node) -> _Draft | None:
        shape = shape_of(node, "steps", self._faults)
        if shape is None:
            return None
        kinds = [kind for kind in DOES if shape.has(kind)]
        if len(kinds) != 1:
            self._faults.add(shape.place, ", ".join(kinds) or next(iter(shape.mapping.keys), "-"), "step_kind")
            return None
        if len(self._drafts) >= MAX_STEPS:
            self._faults.add(shape.place, kinds[0], "steps_too_many", limit=MAX_STEPS)
            return None
        draft = _Draft("", Noop(), shape.place)
        self._drafts.append(draft)
        draft.does = self._does(kinds[0], shape)
        draft.id = self._id(shape, draft.does, len(self._drafts) - 1)
        shape.text("description")
        if (metadata := shape.inner("metadata")) is not None and metadata.mapping.entries:
            self._faults.add(shape.at("metadata"), "metadata", "key_unsupported")
        self._next(shape, draft)
        shape.finish()
        return draft

    def _id(self, shape: Shape, does: object, index: int) -> str:
        given = shape.text("id")
        name = given or f"{index}_{_suffix(does)}"
        if name in (END, "START"):
            self._faults.add(shape.at("id"), name, "step_reserved")
        if name in self._ids:
            self._faults.add(shape.at("id"), name, "defined_twice", file=shape.place.file, first=self._ids[name].line)
        self._ids.setdefault(name, shape.place)
        return name

    def _does(self, kind: str, shape: Shape) -> Collect | Run | SetSlots | Link | Call | Noop:
        if kind == "collect":
            return self._collect(shape)
        if kind == "action":
            return self._run(shape)
        if kind == "set_slots":
            return self._set_slots(shape)
        if kind == "noop":
            if not shape.flag("noop", True):
                self._faults.add(shape.at("noop"), "noop", "noop")
            return Noop()
        flow = shape.needed(kind)
        if flow and flow not in self._known.flows:
            self._faults.add(shape.at(kind), flow, "flow_undefined")
        return Link(flow) if kind == "link" else Call(flow)

    def _collect(self, shape: Shape) -> Collect:
        slot = shape.needed("collect")
        if slot and slot not in self._known.slots:
            self._faults.add(shape.at("collect"), slot, "slot_undefined")
        utter, ask = shape.text("utter"), None
        if utter is not None:
            self._said(utter, shape.at("utter"))
        elif f"utter_ask_{slot}" in self._known.responses:
            utter = f"utter_ask_{slot}"
        else:
            ask = f"action_ask_{slot}"
        before, reset = shape.flag("ask_before_filling", False), shape.flag("reset_after_flow_ends", True)
        rejections = []
        listed = shape.sequence("rejections")
        for node in listed.items if listed is not None else ():
            inner = shape_of(node, "rejections", self._faults)
            if inner is None:
                continue
            condition, words = inner.scalar("if"), inner.needed("utter")
            if condition is None:
                self._faults.add(inner.place, "if", "key_missing")
            elif (when := read_condition(condition, self._known.slots, self._faults)) is not None:
                rejections.append(Rejection(when, words))
            if words:
                self._said(words, inner.at("utter"))
            inner.finish()
        return Collect(slot, utter, ask, before, reset, tuple(rejections))

    def _run(self, shape: Shape) -> Run:
        name = shape.needed("action")
        if name.startswith("utter_"):
            self._said(name, shape.at("action"))
        elif name and not _ACTION.fullmatch(name):
            self._faults.add(shape.at("action"), name, "name_of_action")
        return Run(name)

    def _set_slots(self, shape: Shape) -> SetSlots:
        values = {}
        listed = shape.sequence("set_slots")
        for node in listed.items if listed is not None else ():
            inner = shape_of(node, "set_slots", self._faults)
            for name in inner.mapping.entries if inner is not None else ():
                slot = self._known.slots.get(name)
                value = inner.node(name) if inner is not None else None
                if slot is None:
                    self._faults.add(node.place, name, "slot_undefined")
                elif value is not None:
                    values[name] = value_for(slot, value, self._faults)
        return SetSlots(values)

    def _said(self, name: str, place: Place) -> None:
        if name not in self._known.responses:
            self._faults.add(place, name, "response_undefined")

    def _next(self, shape: Shape, draft: _Draft) -> None:
        node = shape.node("next")
        if node is None:
            return
        if isinstance(draft.does, Link):
            self._faults.add(shape.at("next"), "next", "next_after_link")
        elif isinstance(node, Scalar):
            draft.branches.append(Branch(self._target(node)))
        elif isinstance(node, Sequence) and node.items:
            self._branches(node, draft)
        else:
            self._faults.add(node.place, "next", "next")

    def _branches(self, node: Sequence, draft: _Draft) -> None:
        for index, entry in enumerate(node.items):
            shape = shape_of(entry, "next", self._faults)
            if shape is None:
                continue
            last, key = index == len(node.items) - 1, "else" if shape.has("else") else "then"
            when = None
            if key == "then":
                source = shape.scalar("if")
                when = read_condition(source, self._known.slots, self._faults) if source is not None else None
                if source is None:
                    self._faults.add(shape.place, "if", "key_missing")
            if (key == "else") != last:
                self._faults.add(shape.place, "else", "else_missing" if last else "else_not_last")
            target = shape.node(key)
            if isinstance(target, Sequence):
                draft.branches.append(Branch(self._sequence(target, nested=True), when))
            elif isinstance(target, Scalar):
                draft.branches.append(Branch(self._target(target), when))
            else:
                self._faults.add(shape.place, key, "key_missing")
            shape.finish()

    def _target(self, node: Scalar) -> str:
        self._targets.append((node.text, node.place))
        return node.text


def _suffix(does: object) -> str:
    match does:
        case Collect():
            return f"collect_{does.slot}"
        case Run():
            return does.action
        case Link():
            return f"link_{does.flow}"
        case Call():
            return f"call_{does.flow}"
        case SetSlots():
            return "set_slots"
    return "noop"

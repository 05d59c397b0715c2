"""Names that mean nothing, comparisons that can never hold, and names that nobody uses."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.flows.conditions import Comparison, comparable, parse_predicate
from bot.flows.model import Call, Collect, Condition, Definitions, Flow, Link, Run, Slot, Step
from bot.flows.reading.faults import Faults, Place
from bot.flows.reading.payloads import parse_payload
from bot.flows.reading.responses import placeholders

_EXAMPLES = {"text": "", "categorical": "", "bool": True, "float": 1.0}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What flows may rely on: ``actions`` there are (``None``: unknown, anything goes), ``starting``: how actions begin
    that go over to the flow of the rest of their name, where there is one, and ``used``: names of slots, responses and
    values to fill into them that the program itself uses; ``beginnings`` are those of names that it puts together.
    ``outside`` are further actions, which leave the house: a step may have one, a question cannot wait for it."""

    actions: frozenset[str] | None = None
    starting: str | None = None
    used: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()
    outside: frozenset[str] = frozenset()


def place_of(definitions: Definitions, kind: str, name: str) -> Place:
    """Where the slot, response, intent or flow in force stands."""
    places = definitions.places.get(f"{kind}:{name}", ())
    return Place(*places[0]) if places else Place("", 0)


def check_names(flow: Flow, definitions: Definitions, around: Surroundings, faults: Faults) -> None:
    """Notes actions that nobody carries out, questions that nobody asks, and comparisons that never hold."""
    if flow.guard is not None:
        _compared(flow.guard, definitions, place_of(definitions, "flow", flow.id), faults)
    for step in flow.steps:
        place = Place(flow.source, step.line)
        for condition in _conditions(step):
            _compared(condition, definitions, place, faults)
        if around.actions is None:
            continue
        if isinstance(step.does, Run) and not step.does.action.startswith("utter_"):
            if step.does.action not in around.actions | around.outside and not _started(step.does.action, around):
                faults.add(place, step.does.action, "action_undefined")
        elif isinstance(step.does, Collect) and step.does.ask and step.does.ask not in around.actions:
            faults.add(place, step.does.slot, "ask_missing")


def check_used(definitions: Definitions, around: Surroundings, warnings: Faults) -> None:
    """Notes slots and responses that no flow and nobody in the program names, and flows that nothing starts."""
    slots = set(around.used)
    responses = set(around.used)
    started: set[str] = {intent.flow for intent in definitions.intents}
    for flow in definitions.flows.values():
        slots |= flow.slots.keys()
        responses |= flow.responses.keys()
        started |= {step.does.flow for step in flow.steps if isinstance(step.does, Link | Call)}
        started |= {_started(step.does.action, around) for step in flow.steps if isinstance(step.does, Run)}
    for response in definitions.responses.values():
        slots |= placeholders(response)
        for variant in response.variants:
            slots |= variant.when.reads if variant.when else frozenset()
            for payload in filter(None, (parse_payload(button.payload) for button in variant.buttons)):
                started.add(payload.target if payload.does == "start" else "")
                slots |= {name for name, _ in payload.slots}
    theirs = _files_of_outside(definitions, around)
    for kind, known, used in (("slot", definitions.slots, slots), ("response", definitions.responses, responses)):
        for name in sorted(known.keys() - used):
            place = place_of(definitions, kind, name)
            if not name.startswith(around.beginnings) and (kind == "slot" or place.file not in theirs):
                warnings.add(place, name, f"{kind}_unused")
    for flow in definitions.flows.values():
        if flow.offered and flow.id not in started | around.used:
            warnings.add(place_of(definitions, "flow", flow.id), flow.id, "flow_unstarted")


def _files_of_outside(definitions: Definitions, around: Surroundings) -> set[str]:
    """The files of flows with actions that leave the house: which responses those say by name is not known here."""
    return {
        flow.source
        for flow in definitions.flows.values()
        for step in flow.steps
        if isinstance(step.does, Run) and step.does.action in around.outside
    }


def check_overridden(definitions: Definitions, warnings: Faults) -> None:
    """Notes what a company's file puts in the place of something else: meant, or a name taken by accident."""
    for key, places in definitions.places.items():
        if len(places) > 1:
            file, line = places[1]
            warnings.add(Place(*places[0]), key.partition(":")[2], "overrides", file=file, first=line)


def values_faulty(slot: Slot, value: str) -> bool:
    """Whether a button's value is one that the slot cannot have; a placeholder's is not known."""
    if "{" in value or value.lower() in ("null", "none"):
        return False
    match slot.type:
        case "categorical":
            return value not in slot.values
        case "bool":
            return value.lower() not in ("true", "false")
        case "float":
            return not value.replace(".", "", 1).removeprefix("-").isdecimal()
    return False


def _started(action: str, around: Surroundings) -> str:
    """The flow that an action starts by its name; empty when it does not."""
    return action.removeprefix(around.starting) if around.starting and action.startswith(around.starting) else ""


def _conditions(step: Step) -> Iterator[Condition]:
    yield from (branch.when for branch in step.next if branch.when is not None)
    if isinstance(step.does, Collect):
        yield from (rejection.when for rejection in step.does.rejections)


def _compared(condition: Condition, definitions: Definitions, place: Place, faults: Faults) -> None:
    for comparison in parse_predicate(condition.source).comparisons:
        slot = definitions.slots.get(comparison.slot)
        if slot is not None and _never(slot, comparison):
            faults.add(place, slot.name, "comparison_never", value=comparison.value, allowed=_allowed(slot))


def _never(slot: Slot, comparison: Comparison) -> bool:
    if comparison.value is None or slot.type in ("any", "list"):
        return False
    if comparison.operator == "matches":
        return slot.type in ("bool", "float")
    if comparison.operator == "contains":
        return slot.type in ("bool", "float") or not isinstance(comparison.value, str)
    if slot.type == "categorical" and comparison.operator in ("=", "!="):
        return comparison.value not in slot.values
    return not comparable(_EXAMPLES[slot.type], comparison.value)


def _allowed(slot: Slot) -> str:
    return ", ".join(slot.values) if slot.type == "categorical" else slot.type

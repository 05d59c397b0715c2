"""All definitions of one moment, from the files of several sources."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import rfc8785

from bot.flows.model import Collect, Definitions, Flow, Intent, Response, Run, SetSlots, Slot
from bot.flows.reading.documents import flow_document, hash_of, response_document, slot_document
from bot.flows.reading.faults import Faults, FlowFaults, Place
from bot.flows.reading.flows import Draft, Trigger, read_flow
from bot.flows.reading.gathering import Gathered, Source, files_of, gather
from bot.flows.reading.intents import read_intent, sentences_of
from bot.flows.reading.payloads import parse_payload
from bot.flows.reading.responses import PLACEHOLDER, placeholders, read_response
from bot.flows.reading.slots import read_slot
from bot.flows.reading.steps import Known

_N = TypeVar("_N", Slot, Response)


def read_definitions(*sources: Source) -> Definitions:
    """Reads folders (or texts by file name); a later source overrides flows, slots, responses and intents by name.

    Raises :class:`FlowFaults` with every fault that was found; nothing that is not supported is passed over.
    """
    faults = Faults()
    texts = [files_of(source, faults) for source in sources]
    definitions = None if faults.found else definitions_of(texts, faults)
    if faults.found or definitions is None:
        raise FlowFaults(faults.found)
    return definitions


def definitions_of(texts: Sequence[Mapping[str, str]], faults: Faults) -> Definitions | None:
    """As :func:`read_definitions` of texts; what comes back is whole only when no fault was noted.

    ``None`` when a file has no readable document: every name that it defines would be told as undefined.
    """
    gathered = gather(texts, faults)
    if gathered.unread:
        return None
    items = gathered.items
    slots = _read(read_slot(item, faults) for item in items["slot"].values())
    responses = _read(read_response(item, slots, faults) for item in items["response"].values())
    known = Known(slots, responses, frozenset(items["flow"]))
    intents = frozenset(items["intent"])
    drafts = [draft for item in items["flow"].values() if (draft := read_flow(item, known, intents, faults))]
    flows = {draft.id: flow for draft in drafts if (flow := _flow(draft, slots, responses, gathered, faults))}
    found = _intents(drafts, gathered, faults)
    # Of responses that no flow names, too: what is said outside of flows is part of the whole.
    content_hash = hash_of(
        {
            "flows": {name: flow.content_hash for name, flow in flows.items()},
            "slots": {name: slot_document(slot) for name, slot in slots.items()},
            "responses": {name: response_document(response) for name, response in responses.items()},
            "intents": [
                [intent.name, intent.flow, intent.threshold, {key: list(each) for key, each in intent.examples.items()}]
                for intent in found
            ],
        }
    )
    return Definitions(flows, slots, responses, found, content_hash, sentences_of(found), gathered.places)


def _read(found: Iterable[_N | None]) -> dict[str, _N]:
    return {one.name: one for one in found if one is not None}


def _intents(drafts: Sequence[Draft], gathered: Gathered, faults: Faults) -> tuple[Intent, ...]:
    triggers: dict[str, Trigger] = {}
    for trigger in (trigger for draft in drafts for trigger in draft.triggers):
        first = triggers.setdefault(trigger.intent, trigger)
        if first is not trigger:
            faults.add(trigger.place, trigger.intent, "trigger_twice", flow=first.flow)
    read = (read_intent(item, triggers.get(item.name), faults) for item in gathered.items["intent"].values())
    return tuple(intent for intent in read if intent is not None)


def _flow(
    draft: Draft, slots: Mapping[str, Slot], responses: Mapping[str, Response], gathered: Gathered, faults: Faults
) -> Flow | None:
    said = {name: responses[name] for name in sorted(_responses_of(draft)) if name in responses}
    kept = {name: slots[name] for name in sorted(_slots_of(draft, said.values())) if name in slots}
    document = flow_document(
        flow_id=draft.id,
        name=draft.name,
        description=draft.description,
        guard=draft.guard,
        steps=draft.steps,
        slots=kept.values(),
        responses=said.values(),
        persisted_slots=draft.persisted_slots,
        offered=draft.offered,
        parks=draft.parks,
        keeps=draft.keeps,
    )
    try:
        content_hash = hash_of(document)
    except rfc8785.CanonicalizationError as error:
        place = gathered.items["flow"][draft.id].place
        faults.add(Place(place.file, place.line), draft.id, "no_json", problem=str(error))
        return None
    return Flow(
        id=draft.id,
        name=draft.name,
        description=draft.description,
        guard=draft.guard,
        steps=draft.steps,
        slots=kept,
        responses=said,
        persisted_slots=draft.persisted_slots,
        content_hash=content_hash,
        document=document,
        source=draft.source,
        moves=draft.moves,
        offered=draft.offered,
        parks=draft.parks,
        keeps=draft.keeps,
        after=draft.after,
    )


def _responses_of(draft: Draft) -> frozenset[str]:
    names: set[str] = set()
    for step in draft.steps:
        if isinstance(step.does, Collect):
            names |= {step.does.utter or "", *(rejection.utter for rejection in step.does.rejections)}
        elif isinstance(step.does, Run):
            names.add(step.does.action)
    return frozenset(names)


def _slots_of(draft: Draft, said: Iterable[Response]) -> frozenset[str]:
    names = set(draft.persisted_slots) | (set(draft.guard.reads) if draft.guard else set())
    for step in draft.steps:
        names |= {name for branch in step.next if branch.when for name in branch.when.reads}
        if isinstance(step.does, Collect):
            names |= {step.does.slot, *(name for each in step.does.rejections for name in each.when.reads)}
        elif isinstance(step.does, SetSlots):
            names |= step.does.values.keys()
            texts = (value for value in step.does.values.values() if isinstance(value, str))
            names |= {name for text in texts for name in PLACEHOLDER.findall(text)}
    for response in said:
        names |= placeholders(response)
        for variant in response.variants:
            names |= variant.when.reads if variant.when else frozenset()
            payloads = (parse_payload(button.payload) for button in variant.buttons)
            names |= {name for payload in payloads if payload for name, _ in payload.slots}
    return frozenset(names)

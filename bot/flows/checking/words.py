"""What is said and understood: placeholders, buttons, and the languages of examples."""

from bot.flows.checking.names import Surroundings, place_of, values_faulty
from bot.flows.model import Button, Definitions, Response, Variant
from bot.flows.reading.faults import Faults, Place
from bot.flows.reading.flows import PATTERN
from bot.flows.reading.payloads import parse_payload
from bot.flows.reading.responses import PLACEHOLDER, placeholders
from bot.flows.reading.shape import LOCALES

NEEDED = ("zh-Hans", "en")
"""Examples in Traditional Chinese are found by those in Simplified."""


def check_responses(definitions: Definitions, around: Surroundings, faults: Faults, warnings: Faults) -> None:
    """Notes placeholders that nothing fills, languages that say different ones, and buttons that lead nowhere."""
    # Actions and the patterns bring values of their own for what they say: only flows say with slots alone.
    named = {
        name
        for flow in definitions.flows.values()
        if not flow.id.startswith(PATTERN)
        for name in flow.responses
        if name not in around.used
    }
    known = definitions.slots.keys() | around.used
    for response in definitions.responses.values():
        place = place_of(definitions, "response", response.name)
        if response.name in named:
            for name in sorted(placeholders(response) - known):
                faults.add(place, name, "placeholder_unfilled", response=response.name)
        for variant in response.variants:
            _languages(response, variant, place, warnings)
            for button in variant.buttons:
                _button(button, definitions, place, faults)


def check_intents(definitions: Definitions, warnings: Faults) -> None:
    """Notes intents without examples in a language, and those that start nothing."""
    for intent in definitions.intents:
        place = place_of(definitions, "intent", intent.name)
        for locale in NEEDED:
            if locale not in intent.examples:
                warnings.add(place, intent.name, "examples_missing", locale=locale)
        if not intent.flow:
            warnings.add(place, intent.name, "intent_unused")


def _languages(response: Response, variant: Variant, place: Place, warnings: Faults) -> None:
    said = {locale: frozenset(PLACEHOLDER.findall(variant.text.get(locale, ""))) for locale in LOCALES}
    everywhere = frozenset[str]().union(*said.values())
    for locale, names in said.items():
        for name in sorted(everywhere - names):
            warnings.add(place, response.name, "placeholder_differs", locale=locale, placeholder=name)


def _button(button: Button, definitions: Definitions, place: Place, faults: Faults) -> None:
    payload = parse_payload(button.payload)
    if payload is None:
        return
    if payload.does == "start" and "{" not in payload.target and payload.target not in definitions.flows:
        faults.add(place, payload.target, "flow_undefined")
    for name, value in payload.slots:
        slot = definitions.slots.get(name)
        if slot is None:
            faults.add(place, name, "slot_undefined")
        elif values_faulty(slot, value):
            allowed = ", ".join(slot.values) if slot.type == "categorical" else slot.type
            faults.add(place, name, "slot_value", value=value, allowed=allowed)

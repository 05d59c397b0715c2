"""What an action of ours did, as Rasa's action-server protocol says it."""

from collections.abc import Mapping
from typing import Any

from bot.domain.decision import ActionResult, Said
from bot.domain.message import Body
from bot.flows.engine.state import plain
from bot.flows.model import Definitions
from bot.flows.rendering import render

CHANNEL = "rasa"
"""What this way in is called; responses may have variants for it."""


def said_body(said: Said, definitions: Definitions, values: Mapping[str, Any], locale: str) -> Body:
    """What is said as a finished body: our responses in the customer's language, whatever the caller has itself."""
    body = dict(said.body or {})
    response = definitions.responses.get(said.response or "")
    if response is not None:
        body = render(response, {**values, **said.values}, locale, CHANNEL, definitions.slots)
    if said.choices:
        body["choices"] = [*(dict(choice) for choice in said.choices), *body.get("choices", ())]
    return body


def answer_of(
    result: ActionResult, bodies: tuple[Body, ...], own: frozenset[str], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Events and responses. What the caller has a response for it says itself, with our values; else we say it.

    ``own`` are the caller's responses; slots that stay as they were (``known``) are not told again.
    """
    events: list[dict[str, Any]] = [
        {"event": "slot", "timestamp": None, "name": name, "value": plain(value)}
        for name, value in result.slots.items()
        if name not in known or known[name] != plain(value)
    ]
    if result.follow_up is not None:
        events.append({"event": "followup", "timestamp": None, "name": f"flow_{result.follow_up}"})
    responses = [_response(said, body, own) for said, body in zip(result.said, bodies, strict=True)]
    return {"events": events, "responses": responses}


def _response(said: Said, body: Body, own: frozenset[str]) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "text": None,
        "buttons": [],
        "elements": [],
        "custom": {},
        "template": None,
        "response": None,
        "image": None,
        "attachment": None,
    }
    if said.response in own:
        return {**shape, "response": said.response, "template": said.response, **plain(dict(said.values))}
    lines = [body.get("text", ""), *(f"{link['label']}: {link['url']}" for link in body.get("links", ()))]
    buttons = [{"title": choice["label"], "payload": f"/{choice['id']}"} for choice in body.get("choices", ())]
    return {**shape, "text": "\n".join(filter(None, lines)) or None, "buttons": buttons}

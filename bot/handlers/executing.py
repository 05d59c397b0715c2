"""Runs actions through Rasa's own executor, and reads what they answer with."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.domain.decision import ActionCall, ActionResult, Said
from bot.handlers.action import ActionFault, HandlerTurn, LocalAction, running

# Below a warning the executor may quote what an action returned.
logging.getLogger("rasa_sdk").setLevel(logging.WARNING)

_MESSAGE_FIELDS = frozenset(
    {"text", "buttons", "elements", "custom", "template", "response", "image", "attachment"}
)  # everything else in a message is a value for its response


class Actions:
    """The actions of this process, by name."""

    def __init__(self, actions: Iterable[LocalAction]) -> None:
        self._executor = ActionExecutor()
        self._actions: dict[str, LocalAction] = {}
        for action in actions:
            self._actions[action.name()] = action
            self._executor.register_action(action)
        self.names = frozenset(self._actions)
        self.after_commit = frozenset(name for name, action in self._actions.items() if action.where == "after_commit")

    async def run(self, call: ActionCall, turn: HandlerTurn) -> ActionResult:
        """What the action answers. Raises what it raises, and :class:`ActionFault` for an unknown action, for one that
        declines (``rejected``) or for an answer that cannot be followed.
        """
        if call.name not in self._actions:
            raise ActionFault("unknown_action", f"there is no action {call.name}", final=True)
        with running(turn):
            try:
                result = await self._executor.run(request_of(self._told(call), str(turn.identity_id)))
            except ActionExecutionRejection as rejection:
                raise ActionFault("rejected", str(rejection), final=True) from None
        if result is None:
            raise ActionFault("unknown_action", "an action without a name")
        return result_of(result.events, result.responses)

    def reads(self, name: str) -> frozenset[str] | None:
        """The slots that an action looks at; ``None`` where that is not known."""
        action = self._actions.get(name)
        return action.reads if action is not None else None

    def _told(self, call: ActionCall) -> ActionCall:
        """What is declared is all that there is to read: a declaration that lacks a slot shows at once."""
        reads = self.reads(call.name)
        if reads is None:
            return call
        return replace(call, slots={name: value for name, value in call.slots.items() if name in reads})


def request_of(call: ActionCall, sender: str) -> dict[str, Any]:
    """The call as Rasa's action-server protocol has it."""
    return {
        "next_action": call.name,
        "sender_id": sender,
        "tracker": {
            "sender_id": sender,
            "slots": dict(call.slots),
            "latest_message": {"text": call.message.get("text", ""), "metadata": dict(call.message)},
            "events": [],
            "latest_action_name": None,
            "stack": [{"flow_id": call.flow, "step_id": call.step}],
            "metadata": {"flow": call.flow, "step": call.step, "locale": call.locale},
        },
        "domain": {},
    }


def result_of(events: Sequence[Mapping[str, Any]], responses: Sequence[Mapping[str, Any]]) -> ActionResult:
    """An answer of the protocol as the dialog layer has it.

    Raises :class:`ActionFault` ``unsupported_event`` for an event that is no slot and no flow to start.
    """
    slots: dict[str, Any] = {}
    follow_up = None
    for event in events:
        match event:
            case {"event": "slot", "name": str(name), **rest}:
                slots[name] = rest.get("value")
            case {"event": "followup", "name": str(name)} if name.startswith("flow:"):
                follow_up = name.removeprefix("flow:")
            case _:
                raise ActionFault("unsupported_event", f"an event {event.get('event')!r} is not supported")
    return ActionResult(slots, tuple(said_in(message) for message in responses), follow_up)


def said_in(message: Mapping[str, Any]) -> Said:
    """One message of a dispatcher: a named response with its values, a finished body, or words with buttons."""
    if response := message.get("response") or message.get("template"):
        values = {name: value for name, value in message.items() if name not in _MESSAGE_FIELDS}
        return Said(response, values, choices=tuple(choices_in(message)))
    custom = message.get("custom") or {}
    if "body" in custom:
        return Said(body=dict(custom["body"]))
    body: dict[str, Any] = {}
    if text := message.get("text"):
        body["text"] = text
    if choices := choices_in(message):
        body["choices"] = choices
    if links := [message[name] for name in ("image", "attachment") if message.get(name)]:
        body["links"] = [{"label": link, "url": link} for link in links]
    return Said(body=body)


def choices_in(message: Mapping[str, Any]) -> list[dict[str, str]]:
    """The buttons of a message as a body's choices."""
    buttons = message.get("buttons") or ()
    return [{"id": button["payload"].removeprefix("/"), "label": button["title"]} for button in buttons]

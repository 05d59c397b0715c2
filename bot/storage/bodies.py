"""What is said and remembered, sealed with its customer's data key, and opened again."""

from typing import Any
from uuid import UUID

import structlog

from bot.domain.message import Body
from crm_adapter.encryption import DataKey, SealBroken, seal_json, unseal_json

log = structlog.get_logger(__name__)

GONE: Body = {"text": "[…]"}
"""In the place of a body that nobody can open any more."""


def seal_body(key: DataKey, message_id: UUID, body: Body) -> bytes:
    """The form in which ``bot.messages`` has it."""
    return seal_json(key, "messages.body", message_id, body)


def open_body(key: DataKey | None, message_id: UUID, sealed: bytes) -> Body:
    """The body, or :data:`GONE` where ``key`` is gone or another one."""
    if key is None:
        return GONE
    try:
        body: Body = unseal_json(key, "messages.body", message_id, sealed)
    except SealBroken:
        log.error("a message cannot be opened", message=str(message_id))
        return GONE
    return body


def seal_state(key: DataKey, conversation_id: UUID, state: dict[str, Any]) -> bytes | None:
    """The form in which ``bot.conversations`` has it; nothing to remember is ``None``."""
    return seal_json(key, "conversations.state", conversation_id, state) if state else None


def open_state(key: DataKey, conversation_id: UUID, sealed: bytes | None) -> dict[str, Any]:
    """The state; empty where it cannot be opened: the dialog begins anew, and the message is answered."""
    if sealed is None:
        return {}
    try:
        state: dict[str, Any] = unseal_json(key, "conversations.state", conversation_id, sealed)
    except SealBroken:
        log.error("a conversation's state cannot be opened", conversation=str(conversation_id))
        return {}
    return state

"""From the widget's JSON to a message's parts; pure, and every fault has a code."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.channels.base import BadInbound

CLIENT_MSG_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
CHOICE = re.compile(r"[A-Za-z]+(\([^\x00-\x1f\x7f]{1,200}\)|:[A-Za-z0-9_.-]{1,120})?")
"""A payload without its slash: ``person``, ``start(flow)``, ``SetSlots(slot=value)``; earlier ones had a colon."""
MAX_ATTACHMENTS = 5
MAX_LABEL = 200


@dataclass(frozen=True, slots=True)
class Send:
    """A message the widget wants taken: text, choice and attachments, at least one of them; attachments differ."""

    client_msg_id: str
    text: str | None
    choice: str | None
    attachments: tuple[UUID, ...]


def parse_json(raw: str | bytes) -> dict[str, Any]:
    """A JSON object; raises :class:`BadInbound` ``malformed_json`` for anything else."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadInbound("malformed_json") from None
    if not isinstance(value, dict):
        raise BadInbound("malformed_json")
    return value


def parse_send(frame: dict[str, Any], text_bytes: int) -> Send:
    """A ``send`` frame or the body of POST /messages.

    Raises :class:`BadInbound`: ``bad_message`` for wrong shapes, ``too_large`` for text above ``text_bytes``.
    """
    client_msg_id = frame.get("client_msg_id")
    if not isinstance(client_msg_id, str) or not CLIENT_MSG_ID.fullmatch(client_msg_id):
        raise BadInbound("bad_message", field="client_msg_id")
    choice = frame.get("choice")
    if choice is not None and (not isinstance(choice, str) or not CHOICE.fullmatch(choice)):
        raise BadInbound("bad_message", field="choice")
    text = _text(frame.get("text"), text_bytes)
    attachments = _attachments(frame.get("attachments"))
    if not text and not choice and not attachments:
        raise BadInbound("bad_message", field="text")
    if choice and text:
        text = text[:MAX_LABEL]
    return Send(client_msg_id, text, choice, attachments)


def _text(value: object, text_bytes: int) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadInbound("bad_message", field="text")
    # PostgreSQL stores no NUL; a lone surrogate is no character at all. Neither is ever typed.
    text = value.replace("\x00", "").strip()
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadInbound("bad_message", field="text") from None
    if size > text_bytes:
        raise BadInbound("too_large", limit=text_bytes, size=size)
    return text or None


def _attachments(value: object) -> tuple[UUID, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_ATTACHMENTS:
        raise BadInbound("bad_message", field="attachments")
    try:
        return tuple(dict.fromkeys(UUID(item) for item in value))
    except (ValueError, TypeError, AttributeError):
        raise BadInbound("bad_message", field="attachments") from None


def parse_seq(value: object, field: str) -> int:
    """A cursor: a whole number from 0 to 2³¹ - 1. Raises :class:`BadInbound` ``bad_message``."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise BadInbound("bad_message", field=field)
    return value

"""From our messages to the widget's JSON; pure."""

from typing import Any

from bot.domain.message import Message


def render_message(message: Message) -> dict[str, Any]:
    """A ``message`` frame; the body goes as it is stored."""
    frame: dict[str, Any] = {
        "type": "message",
        "seq": message.seq,
        "id": str(message.id),
        "direction": message.direction,
        "author": message.author,
        "body": message.body,
        "at": message.at.isoformat(),
    }
    if message.client_msg_id is not None:
        frame["client_msg_id"] = message.client_msg_id
    return frame

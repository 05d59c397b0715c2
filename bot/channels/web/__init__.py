"""The website's chat: our own protocol, described in docs/guides/web-channel.md."""

from bot.channels.base import Capabilities


def capabilities(text_bytes: int) -> Capabilities:
    """The widget reads its thread by a cursor, so a message is never lost and never needs sending twice."""
    return Capabilities("pull", text_bytes, choices="buttons", attachments=True, typing=True, receipts=True)

"""A request that WeChat did not send, or not now."""

from bot.channels.base import BadInbound


class Refused(BadInbound):
    """Belongs to HTTP 403, where any other :class:`~bot.channels.base.BadInbound` belongs to 400.

    Codes: ``signature_refused``, ``stale_timestamp``, ``not_encrypted`` (the account takes encrypted pushes only).
    """

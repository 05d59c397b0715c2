"""Which form of the room to use."""

from bot.realtime.in_memory import InMemory
from bot.realtime.protocol import Realtime


def open_realtime(redis_url: str | None) -> Realtime:
    """In memory without a URL, over Redis with one (`redis://`, `rediss://`, `unix://`; else ValueError).

    Opens no connection yet, so Redis need not be up. The caller closes the room.
    """
    if redis_url is None:
        return InMemory()
    from bot.realtime.over_redis import (
        OverRedis,
    )  # the client costs memory that a single process need not pay

    return OverRedis(redis_url)

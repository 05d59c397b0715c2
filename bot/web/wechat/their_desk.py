"""WeChat's own service desk, for accounts whose people answer there instead of at our console."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from bot.channels.wechat.passive import transfer
from bot.channels.wechat.pushes import CustomerSaid, DeskSession, Push
from bot.domain.message import Taken
from bot.web.wechat.event import Event
from bot.web.wechat.events_behaviour import behave

_RELEASE = text("SELECT bot.desk_release(:identity)")


@dataclass(frozen=True, slots=True)
class TheirDesk:
    """``agent`` is the one account of the desk that gets all customers; without it WeChat chooses."""

    agent: str | None = None

    def transferred(self, taken: Taken, push: Push) -> Mapping[str, Any] | None:
        """The answer that transfers who wants a person, the same one for each delivery; ``None`` for anybody else, and
        for events, which WeChat transfers nobody for."""
        if not taken.at_desk or not isinstance(push, CustomerSaid):
            return None
        return transfer(push, push.at, self.agent)


async def attend(event: Event) -> None:
    """A session of that desk is on record; once it is closed, who waits for a person here waits no more."""
    await behave(event)
    closed = isinstance(event.push, DeskSession) and event.push.kind == "closed"
    if closed and event.who is not None and event.account in event.parts.at_their_desk:
        await event.connection.execute(_RELEASE, {"identity": event.who.identity_id})

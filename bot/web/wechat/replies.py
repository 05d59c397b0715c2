"""Which of the lines that wait fit into the one message that answers a push."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.wechat.compose import Terms, compose
from bot.channels.wechat.fold import fold
from bot.channels.wechat.outgoing import Outgoing
from bot.channels.wechat.passive import passive
from bot.channels.wechat.pushes import Push
from bot.domain.message import Body
from bot.outbox.passive import Chosen
from bot.outbox.rows import Row

Reply = Mapping[str, Any]


def choose(rows: Sequence[Row], push: Push, base_url: str) -> Chosen[Reply] | None:
    """As many whole lines as one message holds, oldest first; where not even one fits, its next part.

    The same rows make the same reply to the same push: its time is the push's own.
    """
    rows = _readable(rows)
    if not rows:
        return None
    if rows[0].parts == 0:
        for count in range(len(_untouched(rows)), 0, -1):
            # A line that says nothing here goes along with the others; alone, it is no answer.
            if said := in_one([row.body or {} for row in rows[:count]], rows[0].locale, push, base_url):
                return Chosen(said, count)
    messages = parts_of(rows[0], base_url)[rows[0].parts :]
    reply = passive(messages[:1], push, push.at)
    if reply is None:
        return None
    return Chosen(reply.reply, 1) if len(messages) == 1 else Chosen(reply.reply, 0, 1)


def in_one(bodies: Sequence[Body], locale: str, push: Push, base_url: str) -> Reply | None:
    """The one message that says all of these lines; ``None`` where they do not fit, or say nothing here."""
    folded = fold(bodies, 1, Terms(locale, base_url=base_url))
    reply = None if folded.rest else passive(folded.messages, push, push.at)
    return reply.reply if reply else None


def parts_of(row: Row, base_url: str) -> tuple[Outgoing, ...]:
    """All messages that say a line, always the same; choices are numbers: a number typed opens the window for 48 hours,
    a tap for one minute."""
    return compose([row.body or {}], Terms(row.locale, base_url=base_url))


def _readable(rows: Sequence[Row]) -> Sequence[Row]:
    """Up to the first whose key is gone; whoever sends it otherwise finds out."""
    gone = next((place for place, row in enumerate(rows) if row.body is None), len(rows))
    return rows[:gone]


def _untouched(rows: Sequence[Row]) -> Sequence[Row]:
    """Up to the first of which something was sent before."""
    begun = next((place for place, row in enumerate(rows) if row.parts), len(rows))
    return rows[:begun]

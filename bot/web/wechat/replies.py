"""Lines as messages of WeChat: their parts, and which of those that wait fit into one message."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from bot.channels.wechat.compose import Terms, compose
from bot.channels.wechat.fold import batch, fold
from bot.channels.wechat.outgoing import File, Outgoing, Words, in_words
from bot.channels.wechat.passive import passive
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.splitting import split
from bot.domain.message import Body
from bot.outbox.passive import Chosen
from bot.outbox.rows import Row

Reply = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Manner:
    """How an account says things; ``address`` is where a file of ours can be downloaded, by its id, always the same
    for the same line."""

    base_url: str
    menus: bool = False
    files: bool = False
    address: Callable[[UUID, Row], str] | None = None

    def terms(self, rows: Sequence[Row]) -> Terms:
        """What messages that say these lines may look like."""
        addresses = {}
        if self.address is not None:
            addresses = {
                str(one["id"]): self.address(UUID(str(one["id"])), row)
                for row in rows
                for one in (row.body or {}).get("attachments") or ()
            }
        return self.plain_terms(rows[0].locale, addresses)

    def plain_terms(self, locale: str, addresses: Mapping[str, str] | None = None) -> Terms:
        """The same for lines without files."""
        return Terms(locale, menus=self.menus, files=self.files, base_url=self.base_url, addresses=addresses or {})


def choose(rows: Sequence[Row], push: Push, manner: Manner) -> Chosen[Reply] | None:
    """As many whole lines as one message holds, oldest first; where not even one fits, its next part.

    The same rows make the same reply to the same push: its time is the push's own. A file goes as what it is where
    WeChat has it already, nothing is uploaded while a push waits; otherwise it is a link.
    """
    rows = _readable(rows)
    if not rows:
        return None
    whole = untouched(rows)
    if whole and (count := batch(bodies_of(whole), terms := manner.terms(whole))):
        # A line that says nothing here goes along with the others; alone, it is no answer.
        folded = _as_held(fold(bodies_of(whole[:count]), terms), whole[:count])
        return Chosen(passive(folded[0], push, push.at), count) if folded else None
    messages = _as_held(parts_of(rows[0], manner)[rows[0].parts :], rows[:1])
    if not messages:
        return None
    reply = passive(messages[0], push, push.at)
    return Chosen(reply, 1) if len(messages) == 1 else Chosen(reply, 0, 1)


def in_one(bodies: Sequence[Body], locale: str, push: Push, manner: Manner) -> Reply | None:
    """The one message that says all of these lines, as :func:`choose` would make it; ``None`` where they do not fit,
    say nothing here, or have files."""
    if any(body.get("attachments") for body in bodies):
        return None
    folded = fold(bodies, manner.plain_terms(locale))
    return passive(folded[0], push, push.at) if len(folded) == 1 else None


def parts_of(row: Row, manner: Manner) -> tuple[Outgoing, ...]:
    """All messages that say a line, always the same ones."""
    messages = compose([row.body or {}], manner.terms([row]))
    for part, size in row.cuts:
        messages = (*messages[:part], *_cut(messages[part:], size))
    return messages


def untouched(rows: Sequence[Row]) -> Sequence[Row]:
    """Up to the first of which something was sent before, that WeChat found too long or that nobody can read."""
    begun = next((place for place, row in enumerate(rows) if row.parts or row.cuts or row.body is None), len(rows))
    return rows[:begun]


def bodies_of(rows: Sequence[Row]) -> list[Body]:
    """What they say."""
    return [row.body or {} for row in rows]


def _cut(messages: Sequence[Outgoing], size: int) -> Iterator[Outgoing]:
    """The first one was too long, of whatever kind it is; of the others only texts can be."""
    for place, message in enumerate(messages):
        if place == 0 or isinstance(message, Words):
            yield from map(Words, split(in_words(message).text, size))
        else:
            yield message


def _as_held(messages: Sequence[Outgoing], rows: Sequence[Row]) -> list[Outgoing]:
    """How many messages there are does not depend on it: an answer that is given again says the same lines."""
    held = {file: media_id for row in rows for file, media_id in row.held.items()}
    return [
        replace(message, media_id=held.get(message.attachment, "")) if isinstance(message, File) else message
        for message in messages
    ]


def _readable(rows: Sequence[Row]) -> Sequence[Row]:
    """Up to the first whose key is gone; whoever sends it otherwise finds out."""
    gone = next((place for place, row in enumerate(rows) if row.body is None), len(rows))
    return rows[:gone]

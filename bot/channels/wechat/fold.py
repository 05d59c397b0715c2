"""Much to say and few messages left: as much as possible in as few as possible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.channels.wechat.compose import Terms, compose
from bot.channels.wechat.outgoing import Outgoing, Words
from bot.channels.wechat.splitting import split
from bot.domain.message import Body

_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Folded:
    """``messages`` are as many as may be sent, ``rest`` what no longer fits, in order."""

    messages: tuple[Outgoing, ...]
    rest: tuple[Outgoing, ...] = ()


def fold(bodies: Sequence[Body], room: int, terms: Terms) -> Folded:
    """Says ``bodies``, oldest first, in at most ``room`` messages.

    Their texts are joined, and where that is not enough, go before everything else. Choices are numbers even where a
    menu may be sent: a number typed opens the window for 48 hours, a tap for one minute.
    """
    messages = compose(bodies, replace(terms, menus=False))
    if len(messages) <= room:
        return Folded(messages)
    beside = _joined(messages, terms.text_bytes)
    if len(beside) > room:
        texts_first = sorted(messages, key=lambda message: not isinstance(message, Words))
        beside = _joined(texts_first, terms.text_bytes)
    return Folded(beside[: max(0, room)], beside[max(0, room) :])


def _joined(messages: Iterable[Outgoing], text_bytes: int) -> tuple[Outgoing, ...]:
    """Texts that stand side by side as few, each within its limit."""
    folded: list[Outgoing] = []
    for is_text, group in groupby(messages, key=lambda message: isinstance(message, Words)):
        if is_text:
            whole = _GAP.join(message.text for message in group if isinstance(message, Words))
            folded += map(Words, split(whole, text_bytes))
        else:
            folded += group
    return tuple(folded)

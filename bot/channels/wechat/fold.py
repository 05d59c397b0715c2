"""Much to say and few messages left: as much as possible in as few as possible, in its order."""

from collections.abc import Sequence
from dataclasses import replace

from bot.channels.wechat.compose import Terms, compose, items_of
from bot.channels.wechat.outgoing import Outgoing, Words
from bot.channels.wechat.splitting import split
from bot.domain.message import Body

_GAP = "\n\n"


def fold(bodies: Sequence[Body], terms: Terms) -> tuple[Outgoing, ...]:
    """``bodies``, oldest first, with the texts that stand side by side joined, each within its limit.

    What a later one repeats word for word is said once, in the later one's place: a question may be asked again while
    the same one is still on its way. Choices are numbers even where a menu may be sent: a number typed opens the window
    for 48 hours, a tap for one minute.
    """
    folded: list[Outgoing] = []
    texts: list[str] = []
    for message in compose(_unrepeated(bodies, terms), replace(terms, menus=False)):
        if isinstance(message, Words):
            texts.append(message.text)
        else:
            folded += [*_joined(texts, terms.text_bytes), message]
            texts = []
    return (*folded, *_joined(texts, terms.text_bytes))


def batch(bodies: Sequence[Body], terms: Terms) -> int:
    """How many of ``bodies``, from the first on, go into one message together; 0 where not even the first does."""
    return next((count for count in range(len(bodies), 0, -1) if len(fold(bodies[:count], terms)) <= 1), 0)


def batched(bodies: Sequence[Body], terms: Terms) -> int:
    """How many messages it takes to say all ``bodies`` in batches."""
    wanted, rest = 0, list(bodies)
    while rest:
        count = batch(rest, terms)
        wanted += 1 if count else len(compose(rest[:1], terms))
        rest = rest[max(1, count) :]
    return wanted


def _unrepeated(bodies: Sequence[Body], terms: Terms) -> list[Body]:
    return [
        body
        for place, body in enumerate(bodies)
        if not any(_repeats(later, body, terms) for later in bodies[place + 1 :])
    ]


def _repeats(later: Body, body: Body, terms: Terms) -> bool:
    """Whether ``later`` says all of ``body``; it may have more choices."""
    if later.get("text") != body.get("text"):
        return False
    said, again = (compose([{**one, "choices": ()}], terms) for one in (body, later))
    offered, still = ({item.label for item in items_of(one)} for one in (body, later))
    return said == again and offered <= still


def _joined(texts: Sequence[str], text_bytes: int) -> list[Outgoing]:
    return [Words(part) for part in split(_GAP.join(texts), text_bytes)]

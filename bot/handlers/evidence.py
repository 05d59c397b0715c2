"""What was said on both sides, word for word, for the consent ledger (PIPL 69)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bot.domain.message import Body
from bot.handlers.action import HandlerTurn
from bot.storage.bodies import open_body
from bot.storage.tables import messages

LOOKED_BACK = 20
"""A question that was asked more messages ago than this is not taken for the one that is answered."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The question as it was shown, with its buttons in brackets, and the answer; each with its message's id.

    ``prompt`` is empty where no question was shown; ``offered`` are the ids of its choices, one per line.
    """

    prompt: str
    reply: str
    prompt_message_id: str | None
    reply_message_id: str
    offered: str = ""


async def exchange(turn: HandlerTurn, marker: str | None = None) -> Exchange:
    """The last thing that the bot or a person said before this message, and the message.

    With a ``marker`` it is the last one that offers a choice whose id has it: what was asked, whatever was said since.
    """
    shown = select(messages.c.id, messages.c.sealed_body).where(
        messages.c.conversation_id == turn.conversation_id, messages.c.direction == "out"
    )
    rows = await turn.connection.execute(shown.order_by(messages.c.seq.desc()).limit(LOOKED_BACK))
    prompt: Body = {}
    prompt_id = None
    for row in rows:
        body = open_body(turn.data_key, row.id, row.sealed_body)
        if marker is None or any(marker in str(choice.get("id", "")) for choice in body.get("choices", ())):
            prompt, prompt_id = body, str(row.id)
            break
    offered = "\n".join(str(choice.get("id", "")) for choice in prompt.get("choices", ()))
    return Exchange(as_shown(prompt), _reply(turn.message, prompt), prompt_id, str(turn.message_id), offered)


def as_shown(body: Body) -> str:
    """A message as its reader saw it: text, links, buttons."""
    links = [f"{link.get('label', '')} {link.get('url', '')}".strip() for link in body.get("links", ())]
    labels = " ".join(f"[{choice.get('label', '')}]" for choice in body.get("choices", ()))
    return "\n".join(part for part in (str(body.get("text", "")), *links, labels) if part)


def _reply(message: Body, prompt: Body) -> str:
    """A tapped button by its label."""
    choice: Any = message.get("choice")
    if not choice:
        return str(message.get("text", ""))
    for one in prompt.get("choices", ()):
        if one.get("id") == choice:
            return f"[{one.get('label', '')}]"
    return str(message.get("text") or choice)

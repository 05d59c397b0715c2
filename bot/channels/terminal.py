"""The terminal's chat: a developer talks to the bot through the same path as any customer."""

import getpass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bot.domain.message import Body, Inbound, Message

ACCOUNT = "terminal"


def parse_line(line: str, choices: list[dict[str, Any]], locale: str) -> Inbound:
    """A typed line as a message; a bare number is the choice of that number."""
    body: Body = {"text": line}
    if line.isdigit() and 1 <= int(line) <= len(choices):
        chosen = choices[int(line) - 1]
        body = {"text": chosen["label"], "choice": chosen["id"]}
    number = uuid4().hex
    return Inbound(
        channel="terminal",
        account=ACCOUNT,
        external_id=number,
        identity=identity_here(),
        assurance="claimed",
        locale=locale,
        body=body,
        received_at=datetime.now(UTC),
        trace_id=number,
    )


def identity_here() -> str:
    """Who sits at this terminal."""
    return f"user:{getpass.getuser()}"


def render_lines(message: Message) -> str:
    """A message as text, its choices numbered, its source named."""
    lines = [str(message.body.get("text", ""))]
    lines += [f"  {number}. {choice['label']}" for number, choice in enumerate(message.body.get("choices", []), 1)]
    if source := message.body.get("article"):
        lines.append(f"  [{source['id']}] {source['question']}")
    return "\n".join(lines)

"""The terminal's chat: a developer talks to the bot through the same path as any customer."""

import asyncio
import getpass
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
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


async def typed_lines(source: int) -> AsyncIterator[str]:
    """The lines of a file descriptor as they come, until its end.

    Whoever waits for a line can be cancelled at once, and nobody waits for the reader at the program's end.
    """
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        # A signal that this thread got would wait for the loop's next event: only the main thread acts on it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        piece = b"\n"
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            while piece:
                try:
                    piece = os.read(source, 4096)
                except OSError:  # the terminal is gone
                    piece = b""
                loop.call_soon_threadsafe(pieces.put_nowait, piece)

    # No file object and no executor: both make the interpreter's end wait for a read that may never return.
    threading.Thread(target=read, name="terminal", daemon=True).start()
    rest = b""
    while piece := await pieces.get():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


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

"""Somebody who answers: the first administrator may not, and a newcomer wants to be both."""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress

AGENT = "agent"
_WITHIN_S = 60.0


class CommandFailed(Exception):
    """A command that the lab needs ended badly; the message is what it said."""


async def agent_link(environment: Mapping[str, str]) -> str | None:
    """A one-time link for the account ``agent``, made when absent; ``None`` once somebody came in with it.

    Raises :class:`CommandFailed`.
    """
    for line in (await _yingda(environment, "list")).splitlines():
        name, _, state, _ = line.split("\t")
        if name == AGENT:
            return await _yingda(environment, "link", AGENT) if state == "pending" else None
    return await _yingda(environment, "add", AGENT, "--role", "agent", "--display-name", "Agent")


async def _yingda(environment: Mapping[str, str], *words: str) -> str:
    """What ``yingda staff …`` prints on the lab's own database."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "staff", *words),
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_WITHIN_S):
            said, complained = await process.communicate()
    except TimeoutError:
        raise CommandFailed(f"yingda staff {words[0]}: no end within {_WITHIN_S:.0f} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise CommandFailed(f"yingda staff {words[0]}: {complained.decode(errors='replace').strip()}")
    return said.decode().strip()

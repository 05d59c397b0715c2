"""``yingda chat``: a chat in the terminal, recorded like any other."""

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Any

from bot.channels.terminal import ACCOUNT, identity_here, parse_line, render_lines, typed_lines
from bot.commands.speech import say
from bot.commands.store import open_addresses
from bot.handlers.answers import Answers
from bot.logs import start_logging
from bot.realtime import open_realtime
from bot.settings import LOCALES, Settings, read_settings
from bot.storage.database import Addresses, make_engine
from bot.storage.keyring import open_keys
from bot.storage.pool import make_pool
from bot.talk import Talk
from bot.turns.take import TurnUnavailable
from bot.turns.thread import Thread
from knowledge_base.watch import LiveIndex


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``chat``."""
    parser = commands.add_parser("chat")
    parser.add_argument("--locale", choices=LOCALES, default="zh-Hans", help="until you write in another language")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Chats until the input ends."""
    settings = read_settings()
    start_logging(settings, quiet=True)
    with open_addresses(settings, demo=True) as addresses:
        return asyncio.run(_chat(settings, addresses, args.locale))


async def _chat(settings: Settings, addresses: Addresses, locale: str) -> int:
    live = LiveIndex(wishes=lambda: talk.wishes())
    engine = make_engine(addresses.application_url, settings)
    keys = open_keys(settings)
    async with AsyncExitStack() as opened:
        opened.push_async_callback(engine.dispose)
        pool = await opened.enter_async_context(make_pool(addresses.application_url, settings))
        realtime = open_realtime(None)
        opened.push_async_callback(realtime.close)
        talk = Talk(settings, pool, engine, keys, realtime, Answers(live))
        await talk.open()
        await live.refresh(engine, say)
        choices: list[dict[str, Any]] = []
        _prompt()
        async for line in typed_lines(sys.stdin.fileno()):
            if not line.strip():
                break
            try:
                taken = await talk.turns.take(parse_line(line.strip(), choices, locale))
            except TurnUnavailable:
                print("The store does not answer; your line was not recorded. Try again.")
            else:
                for answer in taken.answers:
                    print(render_lines(answer), flush=True)
                    choices = answer.body.get("choices", [])
                    await Thread(pool, keys, ACCOUNT, identity_here()).acknowledge(answer.seq, answer.seq)
            _prompt()
    return 0


def _prompt() -> None:
    if sys.stdin.isatty():
        print("> ", end="", flush=True)

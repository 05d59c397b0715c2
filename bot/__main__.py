"""The command line: ``yingda COMMAND``; each command is a module of ``bot.commands``."""

import argparse
import asyncio
import gc
import inspect
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

from bot.faults import SettingsFault, StartFault

# What each does is told without importing it; the module comes in when it is asked for: `--help` should not wait for a
# web server, nor `yingda kb eval` for one.
COMMANDS = {
    "serve": "serve the chat, the console and the jobs",
    "lab": "serve with an emulated WeChat beside it, and a phone to try it with",
    "worker": "run jobs apart from serve",
    "ask": "print the answer to a question, with its article and confidence",
    "chat": "chat in the terminal; an empty line or Ctrl-D ends it",
    "contact": "contacts: what is known of them, every interaction, merges",
    "customers": "assess customers, count segments, import orders",
    "access": "who read customer data; reviews of who may",
    "consent": "prove the consent ledger and the access log, show what stands",
    "kb": "check, import, list and measure articles",
    "flows": "check flow files, list flows, draw one",
    "test": "play written conversations on a store of their own",
    "staff": "staff accounts: add, link, list",
    "db": "the database: migrate",
    "doctor": "check every part and say how to mend what is wrong",
    "outgoing": "mail and text messages: list, send-test",
    "wechat": "WeChat official accounts: check them; their menus, QR codes and tags",
    "keys": "the key-encryption keys: show, rotate, retire",
    "questionnaire": "questionnaires: list them, count what was answered",
    "survey": "satisfaction and NPS; which answers did not help",
    "privacy": "requests about one's own data: list, open, answer, export, erase",
    "retention": "remove what has been kept long enough",
    "backup": "write a sealed backup into a folder, or verify one",
    "restore": "put a backup back; stop all servers before",
}


# Before numpy is loaded: its matrices here are small, and a thread per core would fight with the event loop for them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; 0 is success, 1 a failure it has explained, 2 wrong usage or settings."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, _leave)
    try:
        args = _parsed(arguments)
        result = args.run(args)
        return int(asyncio.run(result) if inspect.iscoroutine(result) else result)
    except SettingsFault as fault:
        print("The settings are wrong:", *fault.faults, sep="\n  ", file=sys.stderr)
        return 2
    except StartFault as fault:
        print(f"{fault}\nyingda doctor checks every part and says how to mend it.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="yingda", description="应答 Yingda: a service bot that answers customers.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    if arguments and arguments[0] in COMMANDS:
        usual = gc.get_threshold()
        gc.set_threshold(10_000, 100)  # what is imported stays: to look for rubbish in it is a tenth of the start
        command = import_module(f"bot.commands.{arguments[0]}")
        gc.freeze()
        gc.set_threshold(*usual)
        command.add_arguments(commands)
    else:
        for name, does in COMMANDS.items():
            commands.add_parser(name, help=does)
    return parser.parse_args(arguments)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """Ends like Ctrl-C does, so that an embedded database is let go of; ``serve`` and ``worker`` drain instead."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

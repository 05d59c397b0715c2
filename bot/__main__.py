"""The command line: ``yingda COMMAND``; each command is a module of ``bot.commands``."""

import argparse
import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

from bot.faults import StartFault
from bot.settings import SettingsFault

# Imported by name only when asked for: `yingda kb eval` should not wait for the web server's imports.
COMMANDS = (
    "serve",
    "worker",
    "ask",
    "chat",
    "contact",
    "customers",
    "access",
    "consent",
    "kb",
    "staff",
    "db",
    "doctor",
    "outgoing",
    "keys",
    "privacy",
    "retention",
    "backup",
    "restore",
)


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
    named = next((word for word in arguments if word in COMMANDS), None)
    for name in (named,) if named else COMMANDS:
        import_module(f"bot.commands.{name}").add_arguments(commands)
    return parser.parse_args(arguments)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """Ends like Ctrl-C does, so that an embedded database is let go of; ``serve`` and ``worker`` drain instead."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

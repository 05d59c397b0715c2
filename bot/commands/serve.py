"""``yingda serve``: the whole program in one process; Ctrl-C or SIGTERM drains it."""

import argparse
from contextlib import ExitStack

from bot import serving
from bot.commands.prepare import prepare
from bot.commands.speech import say
from bot.logs import start_logging
from bot.settings import read_settings
from bot.storage.database import open_database
from bot.tracing import start_tracing


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``serve``."""
    parser = commands.add_parser("serve")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serves until stopped; 0 after a drain, 1 when the address is taken."""
    settings = read_settings()
    start_logging(settings)
    with ExitStack() as opened:
        opened.callback(start_tracing(settings))
        addresses = opened.enter_context(open_database(settings, say))
        prepare(settings, addresses, say, demo=settings.demo)
        return serving.run(serving.serve(settings, addresses, say))

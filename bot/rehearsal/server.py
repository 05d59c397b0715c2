"""``python -m bot.rehearsal.server``: the whole server with faulty facts, on the settings in force."""

import asyncio
import sys

from bot.app import make_app
from bot.logs import start_logging
from bot.rehearsal.facts import FaultyFacts
from bot.serving import serve
from bot.settings import read_settings
from bot.storage.database import open_database


def main() -> int:
    """Serves until stopped; the schema must be there. 0 after a drain."""
    settings = read_settings()
    start_logging(settings)
    with open_database(settings, lambda line: None) as addresses:
        app = make_app(settings, addresses, lambda live: FaultyFacts())
        return asyncio.run(serve(settings, addresses, lambda line: None, app))


if __name__ == "__main__":
    sys.exit(main())

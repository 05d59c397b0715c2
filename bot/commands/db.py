"""``yingda db migrate``: brings the database forward; ``serve`` does it by itself."""

import argparse

from bot.commands.speech import say
from bot.settings import read_settings
from bot.storage.database import open_database
from bot.storage.keyring import open_keys, provide_keyring
from bot.storage.migrate import migrate
from bot.storage.schema import refuse_unfinished_restore


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``db``."""
    parser = commands.add_parser("db")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("migrate", help="bring the schema forward").set_defaults(run=run_migrate)


def run_migrate(args: argparse.Namespace) -> int:
    """Migrates as the owner and says where the schema stands."""
    settings = read_settings()
    with open_database(settings, say) as addresses:
        refuse_unfinished_restore(addresses.application_url)
        provide_keyring(settings, addresses.application_url)
        heads = migrate(addresses.owner_url, addresses.application_url, open_keys(settings), settings.var_dir / "blobs")
    print("The database is at", ", ".join(heads))
    return 0

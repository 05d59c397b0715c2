"""What stands between a fresh folder and a serving program: the schema, and the demo company's articles."""

import subprocess
import sys

import psycopg

from bot.faults import StartFault
from bot.settings import Settings
from bot.storage.database import Addresses, Say
from bot.storage.keyring import provide_keyring
from bot.storage.schema import is_current, refuse_unfinished_restore
from bot.urls import libpq_url
from knowledge_base.demo import ARTICLES

WITHIN_S = 300
_UNTOUCHED = "SELECT NOT EXISTS (SELECT FROM kb.revision)"


class DatabaseAway(StartFault):
    """The database of the settings refuses us or does not answer."""


class PreparationFailed(StartFault):
    """A step before the first start ended badly; the message is what it said."""


def prepare(settings: Settings, addresses: Addresses, say: Say, *, demo: bool) -> None:
    """Migrates if there is something to migrate; with ``demo``, loads the demo company into a store without articles.

    Both are rare and heavy, so they are commands run in a process of their own: what serves afterwards stays small.
    Raises :class:`DatabaseAway`, :class:`PreparationFailed`, :class:`~bot.storage.keyring.KeyringLost` and
    :class:`~bot.storage.schema.RestoreUnfinished`.
    """
    try:
        refuse_unfinished_restore(addresses.application_url)
        provide_keyring(settings, addresses.application_url)
        if not is_current(addresses.application_url):
            say("Migrating the database …")
            _run("db", "migrate")
        if demo and _never_had_articles(addresses):
            say("Loading the demo company's articles …")
            _run("kb", "import", str(ARTICLES), "--source", "demo")
    except psycopg.OperationalError as error:
        # The driver's message names host and role, never the password.
        raise DatabaseAway(f"the database cannot be used: {str(error).strip()}") from None


def _never_had_articles(addresses: Addresses) -> bool:
    with psycopg.connect(libpq_url(addresses.application_url), connect_timeout=10) as connection:
        row = connection.execute(_UNTOUCHED).fetchone()
    return row == (True,)


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own command with our own arguments
        [sys.executable, "-m", "bot", *command], capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    if done.returncode:
        raise PreparationFailed(f"yingda {' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")

"""What the database must look like for this program, told without the migration engine: a start asks it every time."""

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg

from bot.faults import StartFault
from bot.urls import libpq_url

PACKAGES = ("crm_adapter", "bot", "knowledge_base")
APPEND_ONLY = (
    "crm.interactions",  # of these four, what must go one day goes by the owner's functions
    "bot.messages",
    "bot.inbox",
    "bot.channel_events",
    "crm.consent_events",
    "crm.notices",
    "crm.ledger_links",
    "crm.checkpoints",
    "crm.access_log",
    "crm.third_parties",
    "crm.transfers",
    "crm.case_events",
    "crm.privacy_events",
    "crm.erasures",
    "crm.standing_changes",
    "bot.wechat_permissions",
)
"""Tables whose rows the application's role may add and read, never change or remove."""
RESTORING = "public.yingda_restoring"
"""A table that is there from a restore's first change to its last."""
_VERSION = re.compile(r"(bot|crm|kb)\d{4}_")
_NOT_OURS = ("static", "__pycache__", "demo", "lexicon", "background")


class RestoreUnfinished(StartFault):
    """A restore has not come to its end; the message says what to do."""


def is_current(application_url: str) -> bool:
    """Whether migrations and functions are those of this program; reads only, also before any migration.

    Raises :class:`psycopg.OperationalError` when the database cannot be reached.
    """
    with psycopg.connect(libpq_url(application_url), connect_timeout=10) as connection:
        row = connection.execute("SELECT obj_description(to_regnamespace('bot'))").fetchone()
    return row is not None and row[0] == schema_mark()


def refuse_unfinished_restore(url: str) -> None:
    """Raises :class:`RestoreUnfinished` for a store that a restore has begun to fill and not finished.

    In such a store people who were erased may be back, and what keeps its rows in order may be still.
    """
    with psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
        row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (RESTORING,)).fetchone()
    if row == (True,):
        raise RestoreUnfinished("a restore into this store is running or was broken off: run it again to its end")


@cache
def function_sources() -> tuple[str, ...]:
    """The packages' SQL functions, in an order in which each finds what it uses."""
    scripts = (script.read_text(encoding="utf-8") for package in PACKAGES for script in _named(files(package), ".sql"))
    return tuple(source for source in scripts if "CREATE OR REPLACE FUNCTION" in source)


@cache
def schema_mark() -> str:
    """Names the migrations, the functions' content and the ledgers; the schema's comment once they are in place."""
    scripts = (script.name for package in PACKAGES for script in _named(files(package), ".py"))
    versions = (name for name in scripts if _VERSION.match(name))
    digest = sha256("\0".join((*sorted(versions), *function_sources(), *APPEND_ONLY)).encode())
    return f"schema {digest.hexdigest()}"


def _named(folder: Traversable, ending: str) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir() and entry.name not in _NOT_OURS:
            yield from _named(entry, ending)
        elif entry.name.endswith(ending):
            yield entry

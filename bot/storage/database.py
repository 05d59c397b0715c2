"""Which database: the one in the settings, or an embedded PostgreSQL of our own; opened, migrated, closed."""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.faults import StartFault
from bot.settings import Settings
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.lines import Line
from bot.storage.pool import bounded_conninfo

SHORTEST_KEY = 32
Say = Callable[[str], None]


class KeyDamaged(StartFault):
    """The kept signing key is not whole; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the database is, for its two roles; libpq URLs. They may hold a password: never print them."""

    owner_url: str
    application_url: str


@contextmanager
def open_database(settings: Settings, say: Say) -> Iterator[Addresses]:
    """The database's addresses for as long as the block runs; an embedded one is started and let go of.

    Raises :class:`~bot.storage.embedded.EmbeddedPostgresError` when an embedded one cannot be had.
    """
    if settings.database_url is not None:
        application = settings.database_url.get_secret_value()
        owner = settings.owner_database_url.get_secret_value() if settings.owner_database_url else application
        yield Addresses(owner, application)
        return
    with EmbeddedPostgres(settings.var_dir / "postgres", say=say) as databases:
        yield Addresses(databases.owner_url, databases.application_url)


def make_engine(url: str, settings: Settings) -> AsyncEngine:
    """SQLAlchemy's engine for everything off the hot path, with the same bounds on every wait."""
    conninfo = bounded_conninfo(url, settings)
    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=partial(Line.connect, conninfo),
        pool_size=4,
        max_overflow=4,
        pool_timeout=settings.database.wait_s,
        pool_pre_ping=True,
        hide_parameters=True,  # an error message would quote what customers wrote
    )


def signing_key(settings: Settings) -> str:
    """The key of session tokens: the setting's, else one made once and kept in ``var_dir``, readable by us alone.

    Raises :class:`KeyDamaged` for a kept key that is too short to be whole.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.var_dir / "secret.key"
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written whole under a name of its own and linked into place: of two first starts at once, both read one key.
        descriptor, part = tempfile.mkstemp(prefix=".secret.", dir=settings.var_dir)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(part, path)
        Path(part).unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SHORTEST_KEY:
        raise KeyDamaged(f"{path} is damaged: remove it to have a new one made (customers get new sessions)")
    return key

"""PostgreSQL without an installation: the programs of a wheel, a life cycle of our own.

Several processes use one server at once; the first starts it, the last stops it, and kill -9 of any of them
harms nobody. ``docs/adr/0002-embedded-postgresql.md`` says why it is built this way.
"""

from bot.storage.embedded.address import Databases
from bot.storage.embedded.errors import EmbeddedPostgresError, StillStarting
from bot.storage.embedded.lifecycle import EmbeddedPostgres
from bot.storage.embedded.status import Status, status

__all__ = ["Databases", "EmbeddedPostgres", "EmbeddedPostgresError", "Status", "StillStarting", "status"]

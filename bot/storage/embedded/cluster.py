"""Make the data directory: one database, two roles, made whole or not at all."""

import shutil

from bot.storage.embedded.account import Account
from bot.storage.embedded.binaries import Binaries
from bot.storage.embedded.configuration import SUPERUSER
from bot.storage.embedded.errors import EmbeddedPostgresError
from bot.storage.embedded.layout import Layout
from bot.storage.embedded.spawn import Spawner

DATABASE = "yingda"
OWNER = "yingda_owner"
APPLICATION = "yingda_app"

# One statement a line, as single-user PostgreSQL reads them.
_ROLES = f"""\
CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
CREATE DATABASE {DATABASE} OWNER {OWNER}
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC
GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}
"""


def create_cluster(layout: Layout, account: Account, spawner: Spawner) -> None:
    """Make the data directory. Interrupted at any point it leaves nothing that the next try would mind.

    The locale is PostgreSQL's own C.UTF-8: an update of the system's library cannot change the order of an
    index, and every machine sorts alike.
    """
    if layout.partial.exists():
        shutil.rmtree(layout.partial)
    spawner.run(
        "initdb",
        f"--pgdata={layout.partial}",
        f"--username={SUPERUSER}",
        "--auth=peer",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    )
    spawner.run("postgres", "--single", "-c", "exit_on_error=on", "-D", str(layout.partial), SUPERUSER, script=_ROLES)
    layout.partial.rename(layout.data)
    account.own(layout.data)


def check_version(layout: Layout, binaries: Binaries) -> None:
    """Raises EmbeddedPostgresError when the data was written by another major version than the programs'."""
    found = layout.data_version()
    if found != binaries.major:
        raise EmbeddedPostgresError(
            f"{layout.data} was written by PostgreSQL {found}, the installed programs are PostgreSQL"
            f" {binaries.major}, and neither reads the other's data. Install the release of Yingda that wrote it,"
            " write the database out with pg_dump, and read that with this release into an empty folder; the data is"
            " left as it is"
        )

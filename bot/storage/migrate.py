"""Brings the database forward: alembic's migrations, then the SQL functions, then the application role's grants."""

import os
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from bot.storage.schema import APPEND_ONLY, function_sources, schema_mark
from bot.urls import sqlalchemy_url
from crm_adapter.encryption import Keys

SCHEMAS = ("bot", "crm", "kb", "vault")
VERSION_TABLE = "schema_version"
JOB_TABLES = text(
    "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'procrastinate\\_%'"
)
JOB_SEQUENCES = text(
    "SELECT quote_ident(sequencename) FROM pg_sequences "
    "WHERE schemaname = 'public' AND sequencename LIKE 'procrastinate\\_%'"
)
LOCK = 0x79696E67  # any constant; "ying"


def migrate(owner_url: str, application_url: str, keys: Keys | None = None, blobs: Path | None = None) -> list[str]:
    """Migrates forward as the owner and grants the application's role what it needs; returns the heads.

    ``keys`` seal what an older version stored in clear, in the database and in the folder ``blobs``; where nothing of
    that kind is stored, neither is needed.

    One process at a time does it (an advisory lock); the others wait and find nothing to do.
    """
    role = make_url(sqlalchemy_url(application_url)).username
    owner = make_url(sqlalchemy_url(owner_url)).username
    engine = create_engine(sqlalchemy_url(owner_url), connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            config = alembic_config(connection, keys, blobs)
            command.upgrade(config, "heads")
            replace_functions(connection)
            if role and role != owner:
                grant(connection, role)
            heads = current_heads(connection)
        for path in config.attributes["afterwards"]:
            path.unlink(missing_ok=True)
        return heads
    finally:
        engine.dispose()


def current_heads(connection: Connection) -> list[str]:
    """The revisions that the database has."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return sorted(context.get_current_heads())


def alembic_config(connection: Connection | None = None, keys: Keys | None = None, blobs: Path | None = None) -> Config:
    """The one alembic environment over the three packages' version folders.

    Its attribute ``afterwards`` lists the files that a migration has made superfluous, once it is committed.
    """
    config = Config()
    here = Path(str(files("bot.storage"))) / "migrations"
    folders = [here / "versions"] + [
        Path(str(files(name))) / "migrations" for name in ("crm_adapter", "knowledge_base")
    ]
    config.set_main_option("script_location", str(here))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(str(folder) for folder in folders))
    config.attributes["connection"] = connection
    config.attributes["keys"] = keys
    config.attributes["blobs"] = blobs
    config.attributes["afterwards"] = []
    return config


def wanted_heads() -> list[str]:
    """The revisions that this program's code was written for."""
    return sorted(ScriptDirectory.from_config(alembic_config()).get_heads())


def replace_functions(connection: Connection) -> None:
    """Installs every function of the packages' ``sql`` folders; they are replaced as a whole, so always current."""
    for source in function_sources():
        connection.exec_driver_sql(source.replace("%", "%%"))
    connection.exec_driver_sql(f"COMMENT ON SCHEMA bot IS '{schema_mark()}'")


def grant(connection: Connection, role: str) -> None:
    """Least privilege: the application reads and writes rows, but never changes or removes those of a ledger."""
    name = connection.dialect.identifier_preparer.quote(role)
    for schema in SCHEMAS:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}")
        connection.exec_driver_sql(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
    for table in APPEND_ONLY:
        connection.exec_driver_sql(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {name}")
    # public may be shared with others: there, only the job engine's tables and the schema's version are ours.
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {name}")
    for (table,) in connection.execute(JOB_TABLES).all():
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON public.{table} TO {name}")
    for (sequence,) in connection.execute(JOB_SEQUENCES).all():
        connection.exec_driver_sql(f"GRANT USAGE, SELECT ON public.{sequence} TO {name}")
    connection.exec_driver_sql(f"GRANT SELECT ON public.{VERSION_TABLE} TO {name}")

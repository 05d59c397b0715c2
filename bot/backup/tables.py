"""What a backup holds of the database: the rows of our schemas, the job engine's and the schema's version."""

from collections.abc import Iterable
from uuid import UUID

import psycopg
from psycopg import sql

from bot.storage.schema import RESTORING

_OURS = """
SELECT format('%I.%I', n.nspname, c.relname), c.relkind = 'S', n.nspname = 'vault'
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'S') AND (
       n.nspname IN ('bot', 'crm', 'kb', 'vault')
    OR n.nspname = 'public' AND (c.relname LIKE 'procrastinate\\_%' OR c.relname = 'schema_version'))
 ORDER BY 1
"""
# The job engine's objects live in public, which may be shared with others: only what carries its name is dropped.
_DROP = """
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
                WHERE nspname IN ('bot', 'crm', 'kb', 'vault') LOOP EXECUTE one; END LOOP;
    FOR one IN SELECT format('DROP TABLE public.%I CASCADE', relname) FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                  AND (relname LIKE 'procrastinate\\_%' OR relname = 'schema_version') LOOP EXECUTE one; END LOOP;
    FOR one IN SELECT 'DROP ROUTINE ' || oid::regprocedure || ' CASCADE' FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'procrastinate\\_%'
                 LOOP EXECUTE one; END LOOP;
    FOR one IN SELECT format('DROP TYPE public.%I CASCADE', t.typname)
                 FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
                WHERE t.typnamespace = 'public'::regnamespace AND t.typname LIKE 'procrastinate\\_%'
                  AND (t.typtype = 'e' OR c.relkind = 'c') LOOP EXECUTE one; END LOOP;
END $$
"""
_EMPTY = """
SELECT to_regclass('crm.contacts') IS NULL, to_regclass('public.schema_version') IS NULL, to_regclass(%s) IS NOT NULL
"""
_FILLED = """
SELECT EXISTS (SELECT FROM crm.contacts) OR EXISTS (SELECT FROM bot.messages)
    OR EXISTS (SELECT FROM bot.staff WHERE password_hash IS NOT NULL)
"""
_UNKNOWN = "UPDATE bot.{table} SET state = 'unknown', reason = 'restored', settled_at = now() WHERE {waits}"
_OTHERS = """
SELECT EXISTS (SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'yingda' AND pid <> pg_backend_pid())
"""


def relations(connection: psycopg.Connection, kind: str) -> tuple[list[str], list[str]]:
    """Quoted names of the tables and of the sequences of one archive."""
    rows = connection.execute(_OURS).fetchall()
    mine = [(name, is_sequence) for name, is_sequence, is_key in rows if is_key == (kind == "keys")]
    return [name for name, is_sequence in mine if not is_sequence], [name for name, is_sequence in mine if is_sequence]


def count_rows(connection: psycopg.Connection, tables: Iterable[str]) -> dict[str, int]:
    """How many rows each table has."""
    return {name: _one(connection, sql.SQL("SELECT count(*) FROM {}").format(sql.SQL(name))) for name in tables}


def heads(connection: psycopg.Connection) -> list[str]:
    """The schema's version."""
    return sorted(row[0] for row in connection.execute("SELECT version_num FROM public.schema_version"))


def known_blobs(connection: psycopg.Connection) -> set[UUID]:
    """The attachments that the store names."""
    return {row[0] for row in connection.execute("SELECT id FROM bot.blobs")}


def is_filled(connection: psycopg.Connection) -> bool:
    """Whether there are customers, messages or staff who have signed in; what a broken-off restore left is nothing."""
    if any(connection.execute(_EMPTY, (RESTORING,)).fetchone() or (True,)):
        return False
    row = connection.execute(_FILLED).fetchone()
    return row is not None and bool(row[0])


def begin_restore(connection: psycopg.Connection) -> None:
    """Drops whatever a migration of ours made; until :func:`end_restore` nothing starts on the store."""
    connection.execute(_DROP)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {RESTORING} ()")


def end_restore(connection: psycopg.Connection) -> None:
    """The store may be used."""
    connection.execute(f"DROP TABLE {RESTORING}")


def prepare_loading(connection: psycopg.Connection, tables: Iterable[str]) -> None:
    """Empties the tables and stills their triggers: what they did once is in the rows already."""
    names = list(tables)
    for name in names:
        connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    connection.execute(f"TRUNCATE {', '.join(names)}")


def finish_loading(connection: psycopg.Connection, tables: Iterable[str]) -> None:
    """Wakes the triggers again."""
    for name in tables:
        connection.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def is_in_use(connection: psycopg.Connection) -> bool:
    """Whether a server or another command works with the database."""
    row = connection.execute(_OTHERS).fetchone()
    return row is not None and bool(row[0])


def settle_outgoing(connection: psycopg.Connection) -> None:
    """What waited to be sent when the backup was made has been sent since, or not: it is not sent again.

    Lines that a browser fetches, which are never due, stay: it knows each by its number.
    """
    connection.execute(_UNKNOWN.format(table="outgoing_messages", waits="state IN ('queued', 'begun')"))
    connection.execute(_UNKNOWN.format(table="wechat_notices", waits="state IN ('queued', 'begun')"))
    connection.execute(
        _UNKNOWN.format(table="outbox", waits="state = 'begun' OR state = 'queued' AND due_at IS NOT NULL")
    )


def forget_imported_rows(connection: psycopg.Connection) -> None:
    """Rows of files that wait or were rejected may be about people erased since: whoever needs them has the file."""
    connection.execute("UPDATE crm.imports SET state = 'expired' WHERE state IN ('new', 'checked', 'running')")
    connection.execute("DELETE FROM crm.import_pieces")
    connection.execute("DELETE FROM crm.import_rejections")


def rebase_changes(connection: psycopg.Connection) -> None:
    """The feed orders by transaction numbers, and those of another server would stand before or behind all new ones."""
    connection.execute("UPDATE crm.changes SET xid = '3'")


def _one(connection: psycopg.Connection, query: sql.Composed) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0

"""The schema goes forward from nothing and from the version before, and grants only what is needed."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine

from bot.staff import tables as staff_tables
from bot.storage import tables as bot_tables
from bot.storage.database import Addresses
from bot.storage.migrate import alembic_config, migrate, wanted_heads
from bot.storage.schema import is_current
from bot.urls import sqlalchemy_url
from crm_adapter import tables as crm_tables
from knowledge_base import store as kb_tables
from tests.conftest import OWNER, SUPERUSER


@pytest.fixture
def empty(cluster: Callable[[str, str], str]) -> Iterator[Addresses]:
    """A database without anything."""
    name = f"empty_{uuid4().hex[:12]}"
    with psycopg.connect(cluster(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        yield Addresses(cluster(OWNER, name), cluster("yingda_app", name))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def upgrade_to(addresses: Addresses, *revisions: str) -> None:
    engine = create_engine(sqlalchemy_url(addresses.owner_url))
    with engine.begin() as connection:
        for revision in revisions:
            command.upgrade(alembic_config(connection), revision)
    engine.dispose()


def test_from_empty_to_the_heads_and_again(empty: Addresses) -> None:
    assert not is_current(empty.application_url)
    assert migrate(empty.owner_url, empty.application_url) == wanted_heads()
    assert is_current(empty.application_url)
    assert migrate(empty.owner_url, empty.application_url) == wanted_heads()


def test_from_the_version_before_nothing_is_lost(empty: Addresses) -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    before = [scripts.get_revision(head).down_revision for head in wanted_heads()]
    upgrade_to(empty, "crm0001", *(str(revision) for revision in before if revision))
    contact = uuid4()
    with psycopg.connect(empty.owner_url) as connection:
        connection.execute("INSERT INTO crm.contacts (id, locale) VALUES (%s, 'en')", (contact,))

    migrate(empty.owner_url, empty.application_url)

    with psycopg.connect(empty.application_url) as connection:
        assert connection.execute("SELECT id FROM crm.contacts").fetchall() == [(contact,)]


def test_a_changed_function_is_noticed_and_replaced(empty: Addresses) -> None:
    migrate(empty.owner_url, empty.application_url)
    with psycopg.connect(empty.owner_url) as connection:
        connection.execute("COMMENT ON SCHEMA bot IS 'functions of another version'")
    assert not is_current(empty.application_url)
    migrate(empty.owner_url, empty.application_url)
    assert is_current(empty.application_url)


def test_the_tables_in_code_are_those_of_the_migrations(addresses: Addresses) -> None:
    whole = MetaData()
    for part in (bot_tables.metadata, staff_tables.metadata, crm_tables.metadata, kb_tables.metadata):
        for table in part.tables.values():
            table.to_metadata(whole)
    engine = create_engine(sqlalchemy_url(addresses.owner_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_schemas": True, "include_name": lambda name, kind, _: kind != "schema" or name in SCHEMAS},
        )
        # Indexes, constraints and tables that only .sql files use are the migrations' alone.
        differences = [one for one in flatten(compare_metadata(context, whole)) if one[0] in STRUCTURE]
    engine.dispose()
    assert differences == []


SCHEMAS = ("bot", "crm", "kb")
STRUCTURE = ("add_table", "add_column", "remove_column", "modify_type", "modify_nullable")


def flatten(differences: list[object]) -> Iterator[tuple[object, ...]]:
    for difference in differences:
        if isinstance(difference, list):
            yield from flatten(difference)
        elif isinstance(difference, tuple):
            yield difference


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM crm.interactions",
        "UPDATE crm.interactions SET content = 'forged'",
        "TRUNCATE crm.interactions",
        "DROP TABLE bot.messages",
        "CREATE TABLE bot.mine (id int)",
        "UPDATE public.schema_version SET version_num = 'forged'",
        "CREATE OR REPLACE FUNCTION crm.find_identity(text, text) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    ],
)
def test_the_application_role_cannot_change_what_is_recorded(addresses: Addresses, statement: str) -> None:
    with (
        psycopg.connect(addresses.application_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("constraint", "table"),
    [
        ("identities_account_external_id_key", "crm.identities"),
        ("interactions_idempotency_key_key", "crm.interactions"),
        ("conversations_open_key", "bot.conversations"),
        ("messages_conversation_id_seq_key", "bot.messages"),
        ("inbox_pkey", "bot.inbox"),
    ],
)
def test_uniqueness_is_the_databases_own(addresses: Addresses, constraint: str, table: str) -> None:
    with psycopg.connect(addresses.application_url) as connection:
        row = connection.execute(
            "SELECT indisunique FROM pg_index WHERE indexrelid = to_regclass(%s) AND indrelid = to_regclass(%s)",
            (f"{table.split('.')[0]}.{constraint}", table),
        ).fetchone()
    assert row == (True,)

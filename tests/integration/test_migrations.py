"""The schema goes forward from nothing and from the version before, and grants only what is needed."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from procrastinate.schema import SchemaManager
from sqlalchemy import MetaData, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.store import check_store
from bot.domain.decision import Decision, Outcome, Situation
from bot.domain.message import Inbound
from bot.outgoing import tables as outgoing_tables
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.staff import tables as staff_tables
from bot.storage import tables as bot_tables
from bot.storage.blobs import Blob, BlobStore
from bot.storage.database import Addresses, make_engine
from bot.storage.migrate import alembic_config, migrate, wanted_heads
from bot.storage.pool import make_pool
from bot.storage.schema import APPEND_ONLY, is_current
from bot.turns.decide import Decider
from bot.turns.take import Turns
from bot.turns.thread import Thread
from bot.urls import sqlalchemy_url
from crm_adapter import tables as crm_tables
from crm_adapter.ledger.chains import registered
from crm_adapter.reading import find_contact, list_interactions
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


BEFORE = ("crm0001", "bot0003", "kb0002")
"""The release before: what was said stood there in clear."""

# One company's day in it; every row has, or names, one number.
ROWS = {
    "crm.contacts": "INSERT INTO crm.contacts (id, display_name, locale) VALUES (%(id)s, '顾客', 'en')",
    "crm.identities": """
        INSERT INTO crm.identities (id, contact_id, channel, account, external_id, assurance)
        VALUES (%(id)s, %(id)s, 'web', 'shop', 'visitor', 'anonymous')""",
    "crm.interactions": """
        INSERT INTO crm.interactions (id, identity_id, conversation_id, channel, account, direction, occurred_at,
                                      content, trace_id, idempotency_key)
        VALUES (%(id)s, %(id)s, %(id)s, 'web', 'shop', 'in', now(), 'hello', repeat('ab', 16), 'shop:m1:in')""",
    "bot.conversations": """
        INSERT INTO bot.conversations (id, identity_id, channel, account, locale, state, last_seq)
        VALUES (%(id)s, %(id)s, 'web', 'shop', 'en', '{"step": "asked"}', 1)""",
    "bot.messages": """
        INSERT INTO bot.messages (id, conversation_id, seq, direction, author, body, client_msg_id, at)
        VALUES (%(id)s, %(id)s, 1, 'in', 'customer',
                jsonb_build_object('text', 'hello', 'attachments', jsonb_build_array(
                    jsonb_build_object('id', %(id)s::text, 'name', 'a.png', 'type', 'image/png', 'size', 7))),
                'm1', now())""",
    "bot.inbox": "INSERT INTO bot.inbox VALUES ('shop', 'm1', %(id)s, %(id)s, now())",
    "bot.outbox": "INSERT INTO bot.outbox VALUES (%(id)s, %(id)s, 1, 'shop', repeat('ab', 16))",
    "bot.blobs": """
        INSERT INTO bot.blobs (id, account, identity, name, type, size, sha256)
        VALUES (%(id)s, 'shop', 'visitor', 'a.png', 'image/png', 7, '')""",
    "bot.staff": """
        INSERT INTO bot.staff (id, name, display_name, roles, password_hash)
        VALUES (%(id)s, 'mei', '小美', '{agent,editor}', '$argon2id$v=19$invented')""",
    "kb.articles": """
        INSERT INTO kb.articles (id, source, content_hash, content)
        VALUES ('returns', 'files', 'hash', '{"answer": {"en": "Within seven days."}}')""",
}
NOW_SEALED = {
    "crm.contacts": {"display_name"},
    "crm.identities": {"external_id"},
    "crm.interactions": {"content"},
    "bot.conversations": {"state"},
    "bot.messages": {"body"},
    "bot.inbox": {"external_id"},
    "bot.blobs": {"identity", "name", "sha256"},
}


def stored(connection: psycopg.Connection[Any]) -> dict[str, list[dict[str, Any]]]:
    """Every row of :data:`ROWS`' tables, by column."""
    return {
        table: [row for (row,) in connection.execute(f"SELECT to_jsonb(t) FROM {table} t".encode())] for table in ROWS
    }


def fill(addresses: Addresses, folder: Path) -> UUID:
    """The release before with its day, and the file that a customer sent."""
    upgrade_to(addresses, *BEFORE)
    number = uuid4()
    with psycopg.connect(addresses.owner_url) as connection:
        for statement in ROWS.values():
            connection.execute(statement.encode(), {"id": number})
    path = folder / number.hex[-2:] / number.hex
    path.parent.mkdir(parents=True)
    path.write_bytes(b"picture")
    return number


async def test_from_the_release_before_nothing_is_lost_and_nothing_stays_in_clear(
    empty: Addresses, tmp_path: Path, settings: Settings
) -> None:
    number = fill(empty, tmp_path)
    with psycopg.connect(empty.owner_url) as connection:
        old = stored(connection)

    await asyncio.to_thread(migrate, empty.owner_url, empty.application_url, KEYS, tmp_path)

    with psycopg.connect(empty.application_url) as connection:
        new = stored(connection)
    for table, rows in old.items():
        assert len(rows) == len(new[table]) == 1, table
        # A column may have been added; what was there and is not sealed says what it said.
        kept = [name for name in rows[0] if name not in NOW_SEALED.get(table, set())]
        assert {name: new[table][0].get(name) for name in kept} == {name: rows[0][name] for name in kept}, table
        assert not NOW_SEALED.get(table, set()) & set(new[table][0]), table

    engine = make_engine(empty.application_url, settings)
    async with engine.connect() as connection, make_pool(empty.application_url, settings) as pool:
        contact = await find_contact(connection, KEYS, number)
        assert contact is not None
        assert contact.contact.name == "顾客"
        assert [one.external_id for one in contact.identities] == ["visitor"]
        assert [one.content for one in await list_interactions(connection, KEYS)] == ["hello"]
        (message,) = await Thread(pool, KEYS, "shop", "visitor").after(0)
        assert message.body["text"] == "hello"
        assert await BlobStore(tmp_path, pool, KEYS).read(number) == (Blob(number, "a.png", "image/png", 7), b"picture")
        seen: list[dict[str, Any]] = []

        def look(inbound: Inbound, situation: Situation) -> Decision:
            seen.append(situation.state)
            return Decision(({"text": "hello again"},), Outcome("small_talk"))

        again = Inbound("web", "shop", "m1", "visitor", "anonymous", "en", {"text": "hello"}, datetime.now(UTC), "t")
        turns = Turns(pool, Decider(look, look, 1.0, crashes_allowed=2), KEYS)
        assert (await turns.take(again)).duplicate, "a message that was taken before is known"
        await turns.take(replace(again, external_id="m2"))
        assert seen == [{"step": "asked"}]
    await engine.dispose()
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == [f"{number.hex}.seal"]


def test_without_a_keyring_nothing_is_touched(empty: Addresses, tmp_path: Path) -> None:
    fill(empty, tmp_path)
    with psycopg.connect(empty.owner_url) as connection:
        old = stored(connection)
    with pytest.raises(RuntimeError, match="no keyring"):
        migrate(empty.owner_url, empty.application_url)
    with psycopg.connect(empty.owner_url) as connection:
        assert stored(connection) == old


JOB_SCHEMA = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


def test_the_job_engines_schema_is_the_one_that_was_migrated() -> None:
    """bot0003 runs the installed package's SQL: a new version of it would reach fresh databases only."""
    digest = sha256(SchemaManager.get_schema().encode()).hexdigest()
    assert digest == JOB_SCHEMA, "procrastinate's schema changed: add a migration, then pin the new sum here"


def test_a_changed_function_is_noticed_and_replaced(empty: Addresses) -> None:
    migrate(empty.owner_url, empty.application_url)
    with psycopg.connect(empty.owner_url) as connection:
        connection.execute("COMMENT ON SCHEMA bot IS 'functions of another version'")
    assert not is_current(empty.application_url)
    migrate(empty.owner_url, empty.application_url)
    assert is_current(empty.application_url)


# SQLAlchemy has no name for PostgreSQL's transaction ids.
@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_the_tables_in_code_are_those_of_the_migrations(addresses: Addresses) -> None:
    registered()  # imports the rooms that keep a ledger, with their tables
    whole = MetaData()
    for part in (
        bot_tables.metadata,
        outgoing_tables.metadata,
        staff_tables.metadata,
        crm_tables.metadata,
        kb_tables.metadata,
    ):
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


SCHEMAS = ("bot", "crm", "kb", "vault")
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
        "UPDATE crm.interactions SET sealed_content = 'forged'",
        "TRUNCATE crm.interactions",
        "DELETE FROM bot.messages",
        "UPDATE bot.messages SET sealed_body = 'forged'",
        "DELETE FROM bot.inbox",
        "UPDATE bot.inbox SET blind = 'forged'",
        "DROP TABLE bot.messages",
        "CREATE TABLE bot.mine (id int)",
        "UPDATE public.schema_version SET version_num = 'forged'",
        "CREATE OR REPLACE FUNCTION crm.find_identity(bytea) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    ],
)
def test_the_application_role_cannot_change_what_is_recorded(addresses: Addresses, statement: str) -> None:
    with (
        psycopg.connect(addresses.application_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize("right", ["UPDATE", "DELETE"])
@pytest.mark.parametrize("ledger", APPEND_ONLY)
async def test_the_doctor_warns_of_a_right_to_change_it(
    addresses: Addresses, engine: AsyncEngine, settings: Settings, ledger: str, right: str
) -> None:
    async def role() -> str:
        parts = await check_store(settings, engine, addresses.application_url)
        return next(part.code for part in parts if part.name == "roles")

    assert await role() == "roles_ok"
    with psycopg.connect(addresses.owner_url) as connection:
        connection.execute(f"GRANT {right} ON {ledger} TO yingda_app".encode())
    assert await role() == "roles_too_strong"


@pytest.mark.parametrize(
    ("constraint", "table"),
    [
        ("identities_blind_key", "crm.identities"),
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

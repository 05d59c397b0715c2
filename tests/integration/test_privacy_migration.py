"""Stores of the release before: requests that an erasure had marked as answered say the truth after the migration."""

from uuid import uuid4

import psycopg
from alembic import command
from sqlalchemy import create_engine
from uuid_utils.compat import uuid7

from bot.storage.database import Addresses
from bot.storage.migrate import alembic_config, migrate
from bot.urls import sqlalchemy_url
from tests.conftest import OWNER, SUPERUSER

REQUEST = """
    INSERT INTO crm.privacy_requests (id, contact_id, kind, state, assurance, opened_at, opened_by, due_at, provisional,
                                      handled_by, answered_at, erasure_id)
    VALUES (%s, %s, %s, 'answered', 'verified', now(), 'customer', now(), false, 'staff:1', now(), %s)"""
STEP = """
    INSERT INTO crm.privacy_events (id, request_id, at, by, from_state, to_state)
    VALUES (%s, %s, now(), 'staff:1', %s, 'answered')"""


def test_requests_marked_as_answered_by_an_erasure_are_put_right(cluster):
    name = f"before_{uuid4().hex[:12]}"
    with psycopg.connect(cluster(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    addresses = Addresses(cluster(OWNER, name), cluster("yingda_app", name))
    engine = create_engine(sqlalchemy_url(addresses.owner_url))
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "crm0007")
    engine.dispose()
    contact, erasure, read = uuid7(), uuid7(), uuid7()
    told = {
        (kind, before): uuid7()
        for kind, before in (("delete", "in_progress"), ("delete", "received"), ("export", "in_progress"))
    }
    with psycopg.connect(addresses.owner_url) as connection:
        connection.execute(
            "INSERT INTO crm.erasures VALUES (%s, %s, %s, '{}', now(), 'staff:1', '{\"grounds\": \"delete\"}', '', '')",
            (erasure, contact, [contact]),
        )
        for (kind, before), number in told.items():
            connection.execute(REQUEST, (number, contact, kind, erasure))
            connection.execute(STEP, (uuid7(), number, before))
        connection.execute(REQUEST, (read, uuid7(), "view", None))
    migrate(addresses.owner_url, addresses.application_url)
    with psycopg.connect(addresses.owner_url) as connection:
        rows = connection.execute(
            "SELECT id, state, answered_at IS NULL, ended_by, ended_reason FROM crm.privacy_requests"
        )
        found = {row[0]: row[1:] for row in rows}
        last = connection.execute(
            "SELECT from_state, to_state, by FROM crm.privacy_events WHERE request_id = %s ORDER BY id DESC LIMIT 1",
            (told["export", "in_progress"],),
        ).fetchone()
    ended = ("ended_by_erasure", True, "staff:1", "delete")
    assert found == {
        told["delete", "in_progress"]: ("answered", False, None, None),
        told["delete", "received"]: ended,
        told["export", "in_progress"]: ended,
        read: ("answered", False, None, None),
    }
    assert last == ("answered", "ended_by_erasure", "system:crm0008")
    with psycopg.connect(cluster(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

"""Customers and their choices for the tests of consents and chains."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from crm_adapter.consent.sql_consents import SqlConsents
from crm_adapter.encryption import Keys, seal
from crm_adapter.encryption.vault import load_key, make_key
from crm_adapter.policy import Policy
from crm_adapter.records.consent import NewConsentEvent
from crm_adapter.tables import contacts, facts
from tests.conftest import OWNER, SUPERUSER

CONTROLLER = "Nuanju"


def consents_of(engine: AsyncEngine, keys: Keys, **policy: Any) -> SqlConsents:
    return SqlConsents(engine, keys, Policy(**{"controller": CONTROLLER, **policy}))


async def new_contact(engine: AsyncEngine, keys: Keys, *, birthday: str | None = None, **values: Any) -> UUID:
    """A contact of its own family with its data key."""
    contact_id, now = uuid7(), datetime.now(UTC)
    async with engine.begin() as connection:
        key = await make_key(connection, keys, contact_id)
        row = {"id": contact_id, "root_id": contact_id, "key_id": key.id, "locale": "en", **values}
        await connection.execute(insert(contacts).values(row))
        if birthday is not None:
            fact = uuid7()
            sealed = seal(await load_key(connection, keys, key.id), "facts.value", fact, birthday.encode())
            whence = {"assurance": "claimed", "source": "web", "set_by": "customer", "at": now}
            about = {"id": fact, "contact_id": contact_id, "field": "birthday", "sealed": sealed}
            await connection.execute(insert(facts).values(**about, **whence))
    return contact_id


def choice(contact_id: UUID, event: str = "granted", purpose: str = "care_messages", **values: Any) -> NewConsentEvent:
    """A customer's word on the web, now."""
    said: dict[str, Any] = {
        "channel": "*",
        "told_on": "web",
        "assurance": "claimed",
        "locale": "zh-Hans",
        "prompt": "您愿意收到关怀消息吗？",
        "reply": "同意，我叫韩梅梅",
        "prompt_message_id": "m-1",
        "reply_message_id": "m-2",
        "method": "chat",
        "actor": "customer",
        "occurred_at": datetime.now(UTC),
    }
    return NewConsentEvent(contact_id=contact_id, event=event, purpose=purpose, **{**said, **values})  # type: ignore[arg-type]


def as_superuser(owner_url: str, *statements: str) -> None:
    """What somebody with every right to the database can do to it."""
    with psycopg.connect(owner_url.replace(OWNER, SUPERUSER, 1)) as connection:
        for statement in statements:
            assert connection.execute(statement.encode()).rowcount != 0, statement

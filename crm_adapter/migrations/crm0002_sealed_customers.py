"""One customer over all channels: data keys, sealed identities and profiles, merges that can be undone, a change feed.

What a person could be known by is sealed with the contact's data key, or blinded with the keyring's index key; in
clear stand only ids, times, classes and what configuration names. What crm0001 kept in clear is sealed here and
dropped.
"""

from typing import Any
from uuid import UUID

from alembic import context, op
from sqlalchemy import Connection
from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, seal

revision = "crm0002"
down_revision = "crm0001"
branch_labels = None
depends_on = None

TABLES = """
DROP FUNCTION IF EXISTS crm.identify(text, text, text, text, text, uuid, uuid);
DROP FUNCTION IF EXISTS crm.find_identity(text, text);

-- The data keys, wrapped by the keyring's key-encryption key. A schema of their own: backups of the data leave it out.
CREATE SCHEMA IF NOT EXISTS vault;
CREATE TABLE vault.data_keys (
    id         uuid PRIMARY KEY,
    contact_id uuid,            -- whose; NULL is the house's own key
    kek        text NOT NULL,   -- which key-encryption key wraps it
    wrapped    bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX data_keys_contact_id_idx ON vault.data_keys (contact_id);
CREATE INDEX data_keys_kek_idx ON vault.data_keys (kek);
CREATE UNIQUE INDEX data_keys_house_key ON vault.data_keys ((true)) WHERE contact_id IS NULL;

ALTER TABLE crm.contacts
    ADD COLUMN key_id        uuid,
    ADD COLUMN kind          text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'organisation')),
    ADD COLUMN root_id       uuid,             -- itself, or the contact it is merged into; crm.merge keeps it
    ADD COLUMN version       integer NOT NULL DEFAULT 1,
    ADD COLUMN updated_at    timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN owner_id      uuid,             -- CP3: the data owner, a member of staff
    ADD COLUMN lawful_basis  text,             -- PR12: where it came from by import; NULL is the customer's own contact
    ADD COLUMN quarantined   boolean NOT NULL DEFAULT false,
    ADD COLUMN restricted_at timestamptz,      -- PIPL 44: kept, but used for nothing else
    ADD COLUMN reviewed_at   timestamptz;      -- CP3: last periodic review of the profile
CREATE INDEX contacts_root_id_idx ON crm.contacts (root_id);
CREATE INDEX contacts_roots_idx ON crm.contacts (id) WHERE root_id = id; -- in lists only they are shown
CREATE INDEX contacts_ending_idx ON crm.contacts (right(id::text, 4)); -- what screens call the nameless by

ALTER TABLE crm.identities
    ADD COLUMN key_id             uuid,
    ADD COLUMN blind              bytea,       -- keyed hash of account and external id
    ADD COLUMN sealed_external_id bytea,
    ADD COLUMN reachable          boolean NOT NULL DEFAULT true,
    ADD COLUMN home_id            uuid,        -- the contact it came with, once a merge has moved it
    ADD COLUMN verified_at        timestamptz;
CREATE INDEX identities_key_id_idx ON crm.identities (key_id); -- an erasure asks whose else a key is

-- Staff records calls and visits too (CH5); those have no conversation.
ALTER TABLE crm.interactions ADD COLUMN sealed_content bytea, ALTER COLUMN conversation_id DROP NOT NULL;

-- CP1, CP2: one fact per field and time; the newest stands, the others are its history.
CREATE TABLE crm.facts (
    id            uuid PRIMARY KEY,
    contact_id    uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    field         text NOT NULL,
    sealed        bytea,                       -- NULL: the field was emptied
    blind         bytea,                       -- for phone and e-mail only: a keyed hash to look it up by
    assurance     text NOT NULL CHECK (assurance IN ('anonymous', 'claimed', 'verified')),
    source        text NOT NULL,               -- the channel it came by: web, wechat, import, staff, ...
    set_by        text NOT NULL,               -- customer, staff:<id>, import:<id>, system:<what>
    at            timestamptz NOT NULL,
    superseded_at timestamptz
);
CREATE UNIQUE INDEX facts_current_key ON crm.facts (contact_id, field) WHERE superseded_at IS NULL;
CREATE INDEX facts_contact_id_idx ON crm.facts (contact_id, id);
CREATE INDEX facts_blind_idx ON crm.facts (blind) WHERE blind IS NOT NULL AND superseded_at IS NULL;

-- How outside systems name a contact.
CREATE TABLE crm.external_keys (
    system     text NOT NULL,
    key_blind  bytea NOT NULL,
    sealed_key bytea NOT NULL,
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    PRIMARY KEY (system, key_blind)
);
CREATE INDEX external_keys_contact_id_idx ON crm.external_keys (contact_id);

-- A merge moves identities' pointers and nothing else, so it can be undone: these are the identities it moved.
CREATE TABLE crm.merges (
    id         uuid PRIMARY KEY,
    source_id  uuid NOT NULL,
    target_id  uuid NOT NULL,
    identities uuid[] NOT NULL,
    by         text NOT NULL,
    reason     text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    undone_at  timestamptz,
    undone_by  text,
    CHECK (source_id <> target_id)
);
CREATE INDEX merges_source_id_idx ON crm.merges (source_id);
CREATE INDEX merges_target_id_idx ON crm.merges (target_id);

CREATE TABLE crm.merge_suggestions (
    id         uuid PRIMARY KEY,
    one_id     uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    other_id   uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    reason     text NOT NULL,                  -- same_phone, same_email, same_external_key
    at         timestamptz NOT NULL DEFAULT now(),
    decision   text CHECK (decision IN ('merged', 'different')),
    decided_by text,
    decided_at timestamptz,
    CHECK (one_id < other_id)
);
CREATE UNIQUE INDEX merge_suggestions_pair_key ON crm.merge_suggestions (one_id, other_id);
CREATE INDEX merge_suggestions_other_id_idx ON crm.merge_suggestions (other_id);

-- What changed, in an order that no late commit can slip behind: readers stop before the oldest open transaction.
CREATE TABLE crm.changes (
    number     bigint GENERATED ALWAYS AS IDENTITY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    contact_id uuid NOT NULL,
    kind       text NOT NULL,                  -- contact, identity, merge, consent, case, task, order, tag, erased
    record_id  uuid NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (xid, number)
);

-- Which n-grams occur where, as keyed hashes; filled behind the customers' turns by the indexer.
CREATE TABLE crm.grams (
    record_id uuid PRIMARY KEY,
    kind      text NOT NULL,                   -- interaction, name
    grams     integer[] NOT NULL
);
CREATE INDEX grams_grams_idx ON crm.grams USING gin (grams);
"""

FINISH = """
ALTER TABLE crm.contacts ALTER COLUMN root_id SET NOT NULL, ALTER COLUMN key_id SET NOT NULL, DROP COLUMN display_name;
ALTER TABLE crm.identities
    ALTER COLUMN key_id SET NOT NULL, ALTER COLUMN blind SET NOT NULL, ALTER COLUMN sealed_external_id SET NOT NULL,
    DROP COLUMN external_id, ADD CONSTRAINT identities_blind_key UNIQUE (blind);
ALTER TABLE crm.interactions ALTER COLUMN sealed_content SET NOT NULL, DROP COLUMN content;
"""
BATCH = 1000


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(TABLES)
    if connection.exec_driver_sql("SELECT EXISTS (SELECT FROM crm.contacts)").scalar():
        seal_all(connection, context.config.attributes["keys"])
    connection.exec_driver_sql(FINISH)


def seal_all(connection: Connection, keys: Keys | None) -> None:
    """Gives every contact its data key and seals what stood in clear."""
    if keys is None:
        raise RuntimeError("there is data to be sealed, and no keyring to seal it with")
    made = {row.id: seal_contact(connection, keys, row) for row in all_of(connection, "crm.contacts")}
    for row in all_of(connection, "crm.identities"):
        key = made[row.contact_id]
        connection.exec_driver_sql(
            "UPDATE crm.identities SET key_id = %s, blind = %s, sealed_external_id = %s WHERE id = %s",
            (
                key.id,
                keys.blind("identity", row.account, row.external_id),
                seal(key, "identities.external_id", row.id, row.external_id.encode()),
                row.id,
            ),
        )
    of_identity = {row.id: made[row.contact_id] for row in all_of(connection, "crm.identities")}
    for row in all_of(connection, "crm.interactions"):
        connection.exec_driver_sql(
            "UPDATE crm.interactions SET sealed_content = %s WHERE id = %s",
            (seal(of_identity[row.identity_id], "interactions.content", row.id, row.content.encode()), row.id),
        )


def seal_contact(connection: Connection, keys: Keys, row: Any) -> DataKey:
    key, kek, wrapped = keys.new_data_key(uuid7())
    connection.exec_driver_sql(
        "INSERT INTO vault.data_keys (id, contact_id, kek, wrapped) VALUES (%s, %s, %s, %s)",
        (key.id, row.id, kek, wrapped),
    )
    connection.exec_driver_sql("UPDATE crm.contacts SET key_id = %s, root_id = id WHERE id = %s", (key.id, row.id))
    if row.display_name:
        fact = uuid7()
        connection.exec_driver_sql(
            "INSERT INTO crm.facts (id, contact_id, field, sealed, assurance, source, set_by, at) "
            "VALUES (%s, %s, 'name', %s, 'claimed', 'unknown', 'system:migration', now())",
            (fact, row.id, seal(key, "facts.value", fact, row.display_name.encode())),
        )
    return key


def all_of(connection: Connection, table: str) -> Any:
    """Every row of a table, in pages by id: a store may be larger than memory."""
    last = UUID(int=0)
    while True:
        query = f"SELECT * FROM {table} WHERE id > %s ORDER BY id LIMIT {BATCH}"  # noqa: S608 - our own names
        rows = connection.exec_driver_sql(query, (last,)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id

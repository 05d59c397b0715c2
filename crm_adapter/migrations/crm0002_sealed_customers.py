"""One customer over all channels: data keys, sealed identities and profiles, merges that can be undone, a change feed.

What a person could be known by is sealed with the contact's data key, or blinded with the keyring's index key; in
clear stand only ids, times, classes and what configuration names. The columns in clear of crm0001 are converted and
dropped by crm0008, when every table that has some is there.
"""

from alembic import op

revision = "crm0002"
down_revision = "crm0001"
branch_labels = None
depends_on = None

TABLES = """
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
UPDATE crm.contacts SET root_id = id, key_id = id;
ALTER TABLE crm.contacts ALTER COLUMN root_id SET NOT NULL, ALTER COLUMN key_id SET NOT NULL;
CREATE INDEX contacts_root_id_idx ON crm.contacts (root_id);

ALTER TABLE crm.identities
    ADD COLUMN key_id             uuid,
    ADD COLUMN blind              bytea,       -- keyed hash of account and external id
    ADD COLUMN sealed_external_id bytea,
    ADD COLUMN reachable          boolean NOT NULL DEFAULT true,
    ADD COLUMN verified_at        timestamptz;
UPDATE crm.identities SET key_id = contact_id;
ALTER TABLE crm.identities ALTER COLUMN key_id SET NOT NULL;

ALTER TABLE crm.interactions ADD COLUMN sealed_content bytea;

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


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

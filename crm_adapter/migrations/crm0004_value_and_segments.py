"""Organisations, orders, value classes, tags, segments, imports."""

from alembic import op

revision = "crm0004"
down_revision = "crm0003"
branch_labels = None
depends_on = None

TABLES = """
-- CP10: what an organisation is; nothing here is about a person, so it stands in clear.
CREATE TABLE crm.organisations (
    contact_id uuid PRIMARY KEY REFERENCES crm.contacts (id) ON DELETE CASCADE,
    industry   text,
    size       text CHECK (size IN ('micro', 'small', 'medium', 'large')),
    region     text,
    updated_at timestamptz NOT NULL
);

CREATE TABLE crm.memberships (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    person_id       uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    role            text NOT NULL,
    since           timestamptz NOT NULL,
    until           timestamptz,
    CHECK (organisation_id <> person_id)
);
CREATE UNIQUE INDEX memberships_present_key ON crm.memberships (organisation_id, person_id) WHERE until IS NULL;
CREATE INDEX memberships_person_id_idx ON crm.memberships (person_id);

CREATE TABLE crm.orders (
    id         uuid PRIMARY KEY,
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    source     text NOT NULL,
    reference  text NOT NULL,
    placed_at  timestamptz NOT NULL,
    amount     bigint NOT NULL CHECK (amount >= 0),     -- minor units: fen, cents
    currency   text NOT NULL,
    status     text NOT NULL
               CHECK (status IN ('placed', 'paid', 'delivered', 'completed', 'cancelled', 'returned')),
    lines      jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT orders_source_reference_key UNIQUE (source, reference)
);
CREATE INDEX orders_contact_id_idx ON crm.orders (contact_id, placed_at);

-- One row per root contact, over its whole merged family. figures, standings and standing_changes name contacts without
-- a foreign key: a nightly run writes a row or more for everybody, and each key check would cost more than the row.
CREATE TABLE crm.figures (
    contact_id           uuid PRIMARY KEY,
    known_since          timestamptz NOT NULL,
    orders               integer NOT NULL,
    amount               bigint NOT NULL,
    amount_year          bigint NOT NULL,
    orders_year          integer NOT NULL,
    first_order_at       timestamptz,
    last_order_at        timestamptz,
    last_interaction_at  timestamptz,
    interactions_quarter integer NOT NULL
);

-- CP5-CP7: what the rules say of a contact, with the name of the rule that says so.
CREATE TABLE crm.standings (
    contact_id  uuid PRIMARY KEY,
    value_class text NOT NULL CHECK (value_class IN ('high', 'potential', 'general', 'lost')),
    value_rule  text NOT NULL,
    value_since timestamptz NOT NULL,
    stage       text NOT NULL CHECK (stage IN ('prospect', 'acquisition', 'growth', 'retention', 'churn')),
    stage_rule  text NOT NULL,
    stage_since timestamptz NOT NULL,
    tags        text[] NOT NULL
);
CREATE INDEX standings_value_class_idx ON crm.standings (value_class);
CREATE INDEX standings_stage_idx ON crm.standings (stage);
CREATE INDEX standings_tags_idx ON crm.standings USING gin (tags);

-- Every change of class, stage and tags; rows are only ever added. A tag added goes from NULL, one removed to NULL.
CREATE TABLE crm.standing_changes (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    contact_id    uuid NOT NULL,
    what          text NOT NULL CHECK (what IN ('value_class', 'stage', 'tag')),
    from_value    text,
    to_value      text,
    by            text NOT NULL,
    rule          text,           -- the reason, when a rule is the reason
    sealed_reason bytea,          -- a person's reason in words
    at            timestamptz NOT NULL
);
CREATE INDEX standing_changes_contact_id_idx ON crm.standing_changes (contact_id, number);

-- CP7: free tags, given by people; those of the rules stand in crm.standings.
CREATE TABLE crm.tags (
    id            uuid PRIMARY KEY,
    contact_id    uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    name          text NOT NULL,
    by            text NOT NULL,
    sealed_reason bytea NOT NULL,
    at            timestamptz NOT NULL,
    CONSTRAINT tags_contact_id_name_key UNIQUE (contact_id, name)
);
CREATE INDEX tags_name_idx ON crm.tags (name, contact_id);

CREATE TABLE crm.segments (
    id        uuid PRIMARY KEY,
    name      text NOT NULL CONSTRAINT segments_name_key UNIQUE,
    condition jsonb NOT NULL,
    saved_by  text NOT NULL,
    saved_at  timestamptz NOT NULL
);

-- How far the change feed has been read by who re-assesses contacts on events.
CREATE TABLE crm.value_cursor (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    cursor text         -- NULL: the beginning
);
INSERT INTO crm.value_cursor (cursor) VALUES (NULL);

-- Segments never hold these, and they are few: found through an index of their own.
CREATE INDEX contacts_withheld_idx ON crm.contacts (root_id) WHERE quarantined OR restricted_at IS NOT NULL;
-- Who was merged, a few of all: what is recorded on them counts for their root.
CREATE INDEX contacts_merged_idx ON crm.contacts (id) INCLUDE (root_id) WHERE id <> root_id;
"""

# Contacts from files (crm_adapter/imports), and what the search index keeps (crm_adapter/search).
IMPORTS = """
-- An import of contacts from a file (PR12). File name, headers, mapping and proof may name people: sealed by the house.
CREATE TABLE crm.imports (
    id          uuid PRIMARY KEY,
    system      text NOT NULL,                 -- whose keys the rows carry; a configured name
    state       text NOT NULL CHECK (state IN ('new', 'checked', 'running', 'finished', 'expired')),
    basis       text,                          -- the lawful basis of every row that has none of its own
    sealed      bytea NOT NULL,
    rows_total  integer NOT NULL,
    rows_done   integer NOT NULL DEFAULT 0,
    counts      jsonb NOT NULL DEFAULT '{}',
    checked     jsonb,                         -- the counts that the dry run foretold
    by          text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz
);
-- The file's rows in pieces, mapped columns only, sealed by the house; gone when the import ends.
CREATE TABLE crm.import_pieces (
    import_id uuid NOT NULL REFERENCES crm.imports (id) ON DELETE CASCADE,
    number    integer NOT NULL,
    sealed    bytea NOT NULL,
    PRIMARY KEY (import_id, number)
);
CREATE TABLE crm.import_rejections (
    id        uuid PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES crm.imports (id) ON DELETE CASCADE,
    line      integer NOT NULL,
    sealed    bytea NOT NULL,                  -- field, code and the row
    at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (import_id, line)
);
CREATE INDEX import_rejections_at_idx ON crm.import_rejections (at);
-- PR12: with what right each imported contact is held, and who said so; no basis is quarantine.
CREATE TABLE crm.import_origins (
    id           uuid PRIMARY KEY,
    import_id    uuid NOT NULL REFERENCES crm.imports (id),
    contact_id   uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    basis        text,
    sealed_proof bytea,                        -- with the contact's key
    by           text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX import_origins_import_id_idx ON crm.import_origins (import_id, contact_id);
CREATE INDEX import_origins_contact_id_idx ON crm.import_origins (contact_id);
-- How far the blind search index has come; and its names, which are few among the messages.
CREATE TABLE crm.index_progress (
    kind      text PRIMARY KEY,
    watermark uuid NOT NULL
);
CREATE INDEX grams_names_idx ON crm.grams (record_id) WHERE kind = 'name';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)
    op.get_bind().exec_driver_sql(IMPORTS)

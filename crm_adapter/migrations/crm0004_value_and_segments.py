"""Organisations, orders, value classes, tags, segments, imports."""

from alembic import op

revision = "crm0004"
down_revision = "crm0003"
branch_labels = None
depends_on = None

TABLES = """
SELECT 1;
"""

IMPORTS = """
-- An import of contacts from a file (PR12). File name, headers, mapping and proof may name people: sealed by the house.
CREATE TABLE crm.imports (
    id          uuid PRIMARY KEY,
    system      text NOT NULL,                 -- whose keys the rows carry; a configured name
    state       text NOT NULL CHECK (state IN ('new', 'checked', 'running', 'finished', 'failed')),
    basis       text,                          -- the lawful basis of every row that has none of its own
    sealed      bytea NOT NULL,
    rows_total  integer NOT NULL,
    rows_done   integer NOT NULL DEFAULT 0,
    counts      jsonb NOT NULL DEFAULT '{}',
    checked     jsonb,                         -- the counts that the dry run foretold
    fault       jsonb,                         -- code and values, once it has failed
    by          text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz
);
-- Only while it is needed: the row goes when the import ends.
CREATE TABLE crm.import_files (
    import_id uuid PRIMARY KEY REFERENCES crm.imports (id) ON DELETE CASCADE,
    sealed    bytea NOT NULL
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

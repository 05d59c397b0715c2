"""Contacts, the identities under which they are known, and every interaction with them."""

from alembic import op

revision = "crm0001"
down_revision = None
branch_labels = ("crm",)
depends_on = None

TABLES = """
CREATE SCHEMA IF NOT EXISTS crm;

CREATE TABLE crm.contacts (
    id           uuid PRIMARY KEY,
    display_name text,
    locale       text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE crm.identities (
    id          uuid PRIMARY KEY,
    contact_id  uuid NOT NULL REFERENCES crm.contacts (id),
    channel     text NOT NULL,
    account     text NOT NULL,
    external_id text NOT NULL,
    assurance   text NOT NULL CHECK (assurance IN ('anonymous', 'claimed', 'verified')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT identities_account_external_id_key UNIQUE (account, external_id)
);
CREATE INDEX identities_contact_id_idx ON crm.identities (contact_id);

-- CH2: every contact is recorded with time, content and result; rows are only ever added. They name the identity,
-- never the contact: merging contacts moves the identity's pointer and nothing else.
CREATE TABLE crm.interactions (
    id              uuid PRIMARY KEY,
    identity_id     uuid NOT NULL REFERENCES crm.identities (id),
    conversation_id uuid NOT NULL,
    channel         text NOT NULL,
    account         text NOT NULL,
    direction       text NOT NULL CHECK (direction IN ('in', 'out')),
    occurred_at     timestamptz NOT NULL,
    content         text NOT NULL,
    outcome_kind    text,
    outcome_ref     text,
    latency_ms      double precision,
    trace_id        text NOT NULL,
    idempotency_key text NOT NULL,
    CONSTRAINT interactions_idempotency_key_key UNIQUE (idempotency_key)
);
CREATE INDEX interactions_identity_id_id_idx ON crm.interactions (identity_id, id);
"""


def upgrade() -> None:
    op.execute(TABLES)

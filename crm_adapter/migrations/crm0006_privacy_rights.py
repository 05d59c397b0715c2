"""Requests about one's own data, erasures and their certificates."""

from alembic import op

revision = "crm0006"
down_revision = "crm0005"
branch_labels = None
depends_on = None

TABLES = """
-- PR6, PIPL 44-50: what somebody asked about their own data. contact_id is no reference: once the contact is erased
-- it is a pseudonym, and the row says that the request was answered, by whom and when.
CREATE TABLE crm.privacy_requests (
    id             uuid PRIMARY KEY,
    contact_id     uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('view', 'export', 'correct', 'restrict', 'object', 'delete',
                                                 'close_account')),
    state          text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'identity_check', 'in_progress',
                                                                     'answered', 'refused')),
    assurance      text NOT NULL CHECK (assurance IN ('anonymous', 'claimed', 'verified')),
    opened_at      timestamptz NOT NULL,
    opened_by      text NOT NULL,
    due_at         timestamptz NOT NULL,
    provisional    boolean NOT NULL,          -- due_at counts days of a year whose holidays are not published yet
    checked_method text,                      -- assurance, not_needed, or how staff made sure
    checked_by     text,
    checked_at     timestamptz,
    handled_by     text,
    answered_at    timestamptz,
    sealed_words   bytea,                     -- the request in the customer's words
    sealed_answer  bytea,
    erasure_id     uuid,                      -- of a request that was answered by erasing
    version        integer NOT NULL DEFAULT 1,
    CHECK ((state IN ('answered', 'refused')) = (answered_at IS NOT NULL)),
    CHECK ((checked_method IS NULL) = (checked_by IS NULL))
);
CREATE INDEX privacy_requests_contact_id_idx ON crm.privacy_requests (contact_id);
CREATE INDEX privacy_requests_open_idx ON crm.privacy_requests (due_at) WHERE answered_at IS NULL;

CREATE TABLE crm.privacy_events (
    id         uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES crm.privacy_requests (id),
    at         timestamptz NOT NULL,
    by         text NOT NULL,
    from_state text,
    to_state   text NOT NULL,
    method     text                           -- of an identity check
);
CREATE INDEX privacy_events_request_id_idx ON crm.privacy_events (request_id, id);

-- The erasure log. A restore of an older backup replays it, so it also stands in a file apart from the database.
CREATE TABLE crm.erasures (
    id          uuid PRIMARY KEY,
    contact_id  uuid NOT NULL,
    contact_ids uuid[] NOT NULL,              -- the whole family
    key_ids     uuid[] NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    certificate jsonb NOT NULL,
    signature   text NOT NULL,
    public_key  text NOT NULL
);
CREATE INDEX erasures_contact_ids_idx ON crm.erasures USING gin (contact_ids);

-- What the law wants of a purchase when its customer is erased: the order without the shop's own reference, under the
-- contact's id, which names nobody any more.
CREATE TABLE crm.kept_orders (
    id        uuid PRIMARY KEY,
    pseudonym uuid NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),  -- three years from here it goes, as the certificate says
    source    text NOT NULL,
    placed_at timestamptz NOT NULL,
    amount    bigint NOT NULL,
    currency  text NOT NULL,
    status    text NOT NULL,
    lines     jsonb NOT NULL
);
CREATE INDEX kept_orders_pseudonym_idx ON crm.kept_orders (pseudonym);

-- An erasure finds its rows by these.
CREATE INDEX changes_contact_id_idx ON crm.changes (contact_id);
CREATE INDEX memberships_organisation_id_idx ON crm.memberships (organisation_id);

-- Files whose rows are gone; whoever keeps them removes the file and then this row.
CREATE TABLE crm.doomed_files (
    id   uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('attachment', 'export')),
    at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, id)
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

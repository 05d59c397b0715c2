"""Third parties, transfers, approved uses, the access log, reviews of who has access.

No row names its contacts by a foreign key: who saw and who got what of whom stays provable when the person is erased.
"""

from alembic import op

revision = "crm0007"
down_revision = "crm0006"
branch_labels = None
depends_on = None

TABLES = """
-- PR4: every read of customer data by a person or an export; chain 'access' of the ledger.
CREATE TABLE crm.access_log (
    id            uuid PRIMARY KEY,
    actor         text NOT NULL,    -- staff:<id>, command_reader:<user of the machine>, system:<what>
    action        text NOT NULL,    -- the route or the command
    data_kind     text NOT NULL,    -- the permission or the kind of record
    contact_ids   uuid[] NOT NULL,  -- whose; of a list all that were shown
    purpose       text NOT NULL,    -- a code
    sealed_reason bytea,            -- in words; the house's key
    at            timestamptz NOT NULL,
    trace_id      text NOT NULL
);
CREATE INDEX access_log_actor_id_idx ON crm.access_log (actor, id);
CREATE INDEX access_log_at_idx ON crm.access_log (at);
CREATE INDEX access_log_contact_ids_idx ON crm.access_log USING gin (contact_ids);

-- PR3: who may be given data, under which agreement; a row per version, the highest is in force.
CREATE TABLE crm.third_parties (
    id              uuid PRIMARY KEY,
    party_id        uuid NOT NULL,
    version         integer NOT NULL CHECK (version > 0),
    name            text NOT NULL,
    agreement       text NOT NULL,    -- its reference in the company's files
    agreement_until date NOT NULL,    -- the last day it is valid
    purpose         text NOT NULL,
    basis           text NOT NULL CHECK (basis IN ('consent', 'processor', 'contract', 'legal_duty')),
    fields          text[] NOT NULL,  -- the least that the purpose needs
    country         text NOT NULL,
    sealed_contact  bytea NOT NULL,   -- the house's key
    active          boolean NOT NULL,
    set_by          text NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT third_parties_party_id_version_key UNIQUE (party_id, version)
);
CREATE UNIQUE INDEX third_parties_name_key ON crm.third_parties (name) WHERE version = 1;

-- PR2: a use of customer data that a second person has to approve.
CREATE TABLE crm.uses (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('export', 'analysis', 'hand_out')),
    purpose         text NOT NULL,
    fields          text[] NOT NULL,
    segment         jsonb,
    contact_ids     uuid[],
    recipient       text,             -- a third party; NULL: it stays in the house
    deidentified    boolean NOT NULL,
    sealed_request  bytea NOT NULL,   -- what for, and why not de-identified; the house's key
    asked_by        text NOT NULL,
    asked_at        timestamptz NOT NULL DEFAULT now(),
    decision        text CHECK (decision IN ('approved', 'refused')),
    decided_by      text,
    decided_at      timestamptz,
    sealed_decision bytea,            -- the reason; the house's key
    valid_until     timestamptz,
    used_at         timestamptz,      -- last
    times_used      integer NOT NULL DEFAULT 0,
    CONSTRAINT uses_second_person CHECK (decided_by <> asked_by),
    CONSTRAINT uses_one_audience CHECK ((segment IS NULL) <> (contact_ids IS NULL)),
    CONSTRAINT uses_decided_as_a_whole CHECK ((decision IS NULL) = (decided_by IS NULL)
                                              AND (decision IS NULL) = (decided_at IS NULL)),
    CONSTRAINT uses_only_approved CHECK (used_at IS NULL OR decision = 'approved')
);

-- PR3: every hand-over of data, and every one that was refused.
CREATE TABLE crm.transfers (
    id             uuid PRIMARY KEY,
    recipient      text NOT NULL,     -- a third party's name, or 'house'
    third_party_id uuid REFERENCES crm.third_parties (id),  -- the version in force then
    use_id         uuid REFERENCES crm.uses (id),
    purpose        text NOT NULL,
    fields         text[] NOT NULL,
    contact_id     uuid NOT NULL,
    basis          text,              -- NULL: refused
    refused        text,              -- why, a code; NULL: allowed
    by             text NOT NULL,
    at             timestamptz NOT NULL DEFAULT now(),
    trace_id       text NOT NULL,
    CHECK ((basis IS NULL) <> (refused IS NULL))
);
CREATE INDEX transfers_contact_id_id_idx ON crm.transfers (contact_id, id);
CREATE INDEX transfers_recipient_id_idx ON crm.transfers (recipient, id);

-- PR4, PR9: who still needs the access they have.
CREATE TABLE crm.access_reviews (
    id          uuid PRIMARY KEY,
    opened_at   timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    period_from timestamptz NOT NULL,
    closed_at   timestamptz
);
CREATE UNIQUE INDEX access_reviews_one_open ON crm.access_reviews ((true)) WHERE closed_at IS NULL;

CREATE TABLE crm.access_review_items (
    review_id       uuid NOT NULL REFERENCES crm.access_reviews (id),
    staff_id        uuid NOT NULL,
    roles           text[] NOT NULL,
    last_sign_in_at timestamptz,
    reads           integer NOT NULL,  -- of customer data, in the period
    decision        text CHECK (decision IN ('keep', 'reduce', 'remove')),
    roles_after     text[],
    sealed_reason   bytea,             -- the house's key
    decided_by      uuid,
    decided_at      timestamptz,
    PRIMARY KEY (review_id, staff_id),
    CONSTRAINT access_review_items_nobody_themself CHECK (decided_by <> staff_id),
    CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (sealed_reason IS NULL))
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""The consent ledger, its chain and its projection."""

from alembic import op

revision = "crm0003"
down_revision = "crm0002"
branch_labels = None
depends_on = None

TABLES = """
-- Every wording that anybody was ever asked in, by the hash of its content.
CREATE TABLE crm.notices (
    hash      text PRIMARY KEY,             -- SHA-256 of the canonical JSON, in hex
    purpose   text NOT NULL,
    recipient text NOT NULL,                -- the third party of a sharing notice, else empty
    version   integer NOT NULL,
    content   jsonb NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT notices_version_key UNIQUE (purpose, recipient, version)
);

-- The ledger. Nothing refers to contacts: the subject's id is the pseudonym that stays when the person is erased.
CREATE TABLE crm.consent_events (
    id              uuid PRIMARY KEY,
    subject         uuid NOT NULL,
    covers          uuid[] NOT NULL,        -- the merged family at that time: the choice was made for all of it
    identity_id     uuid,
    told_on         text NOT NULL,
    assurance       text NOT NULL CHECK (assurance IN ('anonymous', 'claimed', 'verified')),
    controller      text NOT NULL,
    purpose         text NOT NULL,
    channel         text NOT NULL,
    recipient       text NOT NULL,          -- empty where nothing is shared
    data_categories text[] NOT NULL,
    recipients      text[] NOT NULL,
    retention       text NOT NULL,
    jurisdiction    text NOT NULL,
    notice_hash     text NOT NULL REFERENCES crm.notices (hash),
    notice_version  integer NOT NULL,
    notice_locale   text NOT NULL,
    sealed          bytea NOT NULL,         -- prompt, reply, the platform's message ids, guardian
    guardian        boolean NOT NULL,
    method          text NOT NULL,
    event           text NOT NULL CHECK (event IN ('notice_shown', 'granted', 'refused', 'withdrawn', 'expired',
                                                   'objected', 'guardian_granted')),
    actor           text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    receipt         text NOT NULL,
    idempotency_key text,
    CONSTRAINT consent_events_receipt_key UNIQUE (receipt),
    CONSTRAINT consent_events_idempotency_key_key UNIQUE (idempotency_key)
);
CREATE INDEX consent_events_subject_idx ON crm.consent_events (subject, id);

-- What stands: for each covered contact, purpose, channel and recipient the event that decides; see consent/fold.py.
CREATE TABLE crm.consents (
    subject        uuid NOT NULL,
    purpose        text NOT NULL,
    channel        text NOT NULL,
    recipient      text NOT NULL,
    state          text NOT NULL CHECK (state IN ('granted', 'refused', 'withdrawn', 'expired')),
    guardian       boolean NOT NULL,
    covers         uuid[] NOT NULL,
    event_id       uuid NOT NULL,
    notice_hash    text NOT NULL,
    notice_version integer NOT NULL,
    since          timestamptz NOT NULL,
    PRIMARY KEY (subject, purpose, channel, recipient)
);

-- What is appended and waits to be linked; one queue for every chain.
CREATE TABLE crm.unlinked (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain    text NOT NULL,
    event_id uuid NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE crm.ledger_links (
    chain         text NOT NULL,
    position      bigint NOT NULL CHECK (position > 0),
    event_id      uuid NOT NULL,
    previous_hash bytea NOT NULL,
    hash          bytea NOT NULL,
    linked_at     timestamptz NOT NULL,
    signature     bytea,                    -- on the last link of every batch
    PRIMARY KEY (chain, position),
    CONSTRAINT ledger_links_event_id_key UNIQUE (event_id)
);

CREATE TABLE crm.checkpoints (
    chain      text NOT NULL,
    position   bigint NOT NULL,
    hash       bytea NOT NULL,
    at         timestamptz NOT NULL,
    signature  bytea NOT NULL,
    public_key bytea NOT NULL,
    PRIMARY KEY (chain, position)
);

-- Every verification that ran, for the console: proof lies in the chain, not here.
CREATE TABLE crm.verifications (
    id       uuid PRIMARY KEY,
    chain    text NOT NULL,
    at       timestamptz NOT NULL,
    length   bigint NOT NULL,
    fault    text,
    position bigint,
    event_id uuid
);
CREATE INDEX verifications_chain_idx ON crm.verifications (chain, at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

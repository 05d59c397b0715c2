"""Mail and text messages on their way out, and the codes that confirm a phone or an e-mail address."""

from alembic import op

revision = "bot0005"
down_revision = "bot0004"
branch_labels = None
depends_on = None

TABLES = """
-- Recipient, subject and body are sealed with the contact's key, with the house's for staff.
CREATE TABLE bot.outgoing_messages (
    id               uuid PRIMARY KEY,
    kind             text NOT NULL CHECK (kind IN ('mail', 'sms')),
    purpose          text NOT NULL CHECK (purpose IN ('confirmation', 'invitation', 'alert')),
    contact_id       uuid,            -- whose; NULL: staff
    key_id           uuid NOT NULL,
    sealed_recipient bytea NOT NULL,
    sealed_subject   bytea NOT NULL,
    sealed_body      bytea NOT NULL,
    state            text NOT NULL CHECK (state IN ('queued', 'begun', 'sent', 'failed', 'unknown', 'shown')),
    attempts         integer NOT NULL DEFAULT 0,
    reason           text,            -- a code without personal data
    provider_id      text,            -- how the provider calls it
    queued_at        timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz,     -- not sent any more after it
    begun_at         timestamptz,
    settled_at       timestamptz
);
CREATE INDEX outgoing_messages_contact_id_idx ON bot.outgoing_messages (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX outgoing_messages_queued_at_idx ON bot.outgoing_messages (queued_at);

-- The code itself stands nowhere: a keyed hash over the row's id and the code does.
CREATE TABLE bot.confirmation_codes (
    id            uuid PRIMARY KEY,
    contact_id    uuid NOT NULL,
    field         text NOT NULL CHECK (field IN ('phone', 'email')),
    key_id        uuid NOT NULL,
    target_blind  bytea NOT NULL,
    sealed_target bytea NOT NULL,
    code_hash     bytea NOT NULL,
    source        text NOT NULL,      -- provenance of the claim: channel and who set it
    set_by        text NOT NULL,
    tries         integer NOT NULL DEFAULT 0,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'void')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL
);
CREATE INDEX confirmation_codes_contact_id_idx ON bot.confirmation_codes (contact_id, created_at);
CREATE INDEX confirmation_codes_target_idx ON bot.confirmation_codes (target_blind, created_at);
CREATE INDEX confirmation_codes_created_at_idx ON bot.confirmation_codes (created_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""What the dialog layer wants remembered: when to wake it, why a conversation ended, who waits how urgently, and flows
that were put aside."""

from alembic import op

revision = "bot0008"
down_revision = "bot0007"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE bot.conversations
    ADD COLUMN wake_at      timestamptz,  -- silent until then, the dialog is told so; NULL: it need not be
    ADD COLUMN close_reason text CHECK (close_reason IN ('dialog', 'silence', 'agent')),
    ADD COLUMN urgent       boolean NOT NULL DEFAULT false,
    ADD COLUMN queued_at    timestamptz;  -- since when the customer waits for a person
UPDATE bot.conversations SET queued_at = last_at WHERE owner = 'queue' AND closed_at IS NULL;
CREATE INDEX conversations_wake_at_idx ON bot.conversations (wake_at) WHERE wake_at IS NOT NULL AND closed_at IS NULL;
CREATE INDEX conversations_queue_idx ON bot.conversations (urgent DESC, queued_at)
    WHERE owner = 'queue' AND closed_at IS NULL;

-- A form that was left half-way, for the customer's next visit on any channel. Its content is sealed.
CREATE TABLE bot.parked_flows (
    id              uuid PRIMARY KEY,
    contact_id      uuid NOT NULL,
    key_id          uuid NOT NULL,
    flow            text NOT NULL,
    sealed_document bytea NOT NULL,
    parked_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parked_flows_contact_id_idx ON bot.parked_flows (contact_id);
CREATE INDEX parked_flows_parked_at_idx ON bot.parked_flows (parked_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

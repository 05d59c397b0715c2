"""What a platform tells beside talk: that each push had its effect, and the text of what nobody understands."""

from alembic import op

revision = "bot0014"
down_revision = "bot0013"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE bot.channel_events (
    id          uuid PRIMARY KEY,
    blind       bytea NOT NULL UNIQUE,  -- keyed hash of account and push, as in bot.inbox
    account     text NOT NULL,
    subject     bytea NOT NULL,         -- keyed hash of whom it is about, as in crm.identities; known to us or not
    kind        text NOT NULL,          -- the type it was read as: unsubscribe, scan, unknown, ...
    happened_at timestamptz NOT NULL,   -- by the platform's clock
    received_at timestamptz NOT NULL,
    sealed_raw  bytea                   -- its text, where it is kept: with the key of whom it is about, or the house's
);
CREATE INDEX channel_events_subject_idx ON bot.channel_events (subject);
CREATE INDEX channel_events_received_at_idx ON bot.channel_events (received_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

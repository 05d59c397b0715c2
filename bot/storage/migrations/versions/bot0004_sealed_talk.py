"""What customers and the bot say, what a conversation remembers and what files are called is sealed.

The columns in clear are converted and dropped by bot0006.
"""

from alembic import op

revision = "bot0004"
down_revision = "bot0003"
branch_labels = None
depends_on = ("crm0002",)

TABLES = """
ALTER TABLE bot.messages ADD COLUMN sealed_body bytea;
ALTER TABLE bot.conversations ADD COLUMN sealed_state bytea;
ALTER TABLE bot.outbox ADD COLUMN purpose text NOT NULL DEFAULT 'service';
CREATE INDEX outbox_purpose_idx ON bot.outbox (purpose) WHERE purpose <> 'service' AND state = 'queued';

ALTER TABLE bot.blobs
    ADD COLUMN identity_id uuid,
    ADD COLUMN sealed_name bytea,
    ADD COLUMN message_id  uuid;   -- the message that names it; NULL: none yet
CREATE INDEX blobs_identity_id_idx ON bot.blobs (identity_id);
CREATE INDEX blobs_unnamed_idx ON bot.blobs (created_at) WHERE message_id IS NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

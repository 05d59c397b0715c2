"""Who cannot be reached, what WeChat holds of our files, and lines that had to be cut smaller."""

from alembic import op

revision = "bot0013"
down_revision = "bot0012"
branch_labels = None
depends_on = None

TABLES = """
-- Nothing is sent to them until they act again; no row: they are reached.
CREATE TABLE bot.unreachable (
    identity_id uuid PRIMARY KEY,
    reason      text NOT NULL,        -- unfollowed, refused (by the platform)
    error_code  text,                 -- the platform's own
    since       timestamptz NOT NULL
);

-- What a platform holds of a file and for how long; gone with the file.
CREATE TABLE bot.uploads (
    account  text NOT NULL,
    blob_id  uuid NOT NULL REFERENCES bot.blobs (id) ON DELETE CASCADE,
    media_id text NOT NULL,
    until    timestamptz NOT NULL,
    PRIMARY KEY (account, blob_id)
);
CREATE INDEX uploads_blob_idx ON bot.uploads (blob_id);

-- The platform found a message too long: [[part, bytes], ...], from that part on its texts are cut at so many bytes.
ALTER TABLE bot.outbox ADD COLUMN cuts jsonb;

-- It has one argument more now, so the old one would stay beside the new one.
DROP FUNCTION IF EXISTS bot.record_turn;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""When and how a line goes out on channels that push, and how many more WeChat lets through."""

from alembic import op

revision = "bot0011"
down_revision = "bot0010"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE bot.outbox
    ADD COLUMN due_at      timestamptz,                -- from when on it is sent; NULL: a browser fetches it
    ADD COLUMN lease_until timestamptz,                -- whose it is until then; also tells one lease from the next
    ADD COLUMN attempts    integer NOT NULL DEFAULT 0, -- how often sending was begun
    ADD COLUMN route       text,                       -- passive (in the answer to a push), service (by its API)
    ADD COLUMN parts       integer NOT NULL DEFAULT 0, -- messages of the platform sent of it so far
    ADD COLUMN error_code  text,                       -- the platform's own, beside the reason
    ADD COLUMN reply_to    uuid,                       -- the message whose push was answered with it
    ADD COLUMN reply_part  integer;                    -- its first part in that answer
CREATE INDEX outbox_due_idx ON bot.outbox (due_at) WHERE due_at IS NOT NULL AND state = 'queued';
CREATE INDEX outbox_begun_idx ON bot.outbox (lease_until) WHERE state = 'begun';
CREATE INDEX outbox_reply_idx ON bot.outbox (reply_to) WHERE reply_to IS NOT NULL;

-- What a platform lets us send counts from what its user last did; one row per kind of deed. Nothing but times.
CREATE TABLE bot.send_windows (
    identity_id uuid NOT NULL,
    trigger     text NOT NULL,
    at          timestamptz NOT NULL,
    sent        integer NOT NULL DEFAULT 0,
    PRIMARY KEY (identity_id, trigger)
);

-- It has one argument more now, so the old one would stay beside the new one.
DROP FUNCTION IF EXISTS bot.record_turn;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""What the people at the console are shown of lines on their way out and of the accounts that send them."""

from alembic import op

revision = "bot0012"
down_revision = "bot0011"
branch_labels = None
depends_on = None

TABLES = """
-- The platform's id of the request that failed: its support asks for it.
ALTER TABLE bot.outbox ADD COLUMN rid text;
CREATE INDEX outbox_undelivered_idx ON bot.outbox (account, settled_at)
    WHERE due_at IS NOT NULL AND state IN ('failed', 'unknown');

-- Who has settled a line of which nobody knew whether it had arrived.
ALTER TABLE bot.desk_steps DROP CONSTRAINT desk_steps_kind_check;
ALTER TABLE bot.desk_steps ADD CONSTRAINT desk_steps_kind_check
    CHECK (kind IN ('take', 'answer', 'to_queue', 'to_bot', 'resolve', 'arrived', 'again'));

-- Why there is no token at the moment, or why none is taken; NULL while all is well.
ALTER TABLE bot.wechat_tokens
    ADD COLUMN failed_at  timestamptz,
    ADD COLUMN fault      text,
    ADD COLUMN error_code text,
    ADD COLUMN rid        text;

-- One row per account that is pushed to; nothing of customers.
CREATE TABLE bot.wechat_pushes (
    account    text PRIMARY KEY,
    pushed_at  timestamptz, -- when the last push came that was WeChat's
    refused_at timestamptz, -- when the last one came that could not be opened
    refusal    text         -- and why
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

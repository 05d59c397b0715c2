"""The access token of each WeChat account, one for all processes."""

from alembic import op

revision = "bot0010"
down_revision = "bot0009"
branch_labels = None
depends_on = None

TABLES = """
-- One row per official account; nothing of customers. The token is sealed with the house's key.
CREATE TABLE bot.wechat_tokens (
    appid        text PRIMARY KEY,
    id           uuid NOT NULL,      -- what the seal is bound to
    sealed_token bytea,              -- NULL: none was got yet
    taken_at     timestamptz,
    expires_at   timestamptz,
    forced_at    timestamptz,        -- when a new one was last demanded before the end of the old one
    forced_on    date,               -- the day, in Beijing, of which forced is the number
    forced       integer NOT NULL DEFAULT 0
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

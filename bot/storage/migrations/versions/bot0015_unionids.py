"""Whose unionid WeChat was asked for; what it said stands in the customer store."""

from alembic import op

revision = "bot0015"
down_revision = "bot0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE bot.wechat_unionids (
    identity_id uuid PRIMARY KEY,
    asked_at    timestamptz NOT NULL,
    found       boolean NOT NULL      -- false: WeChat had none, and is asked again some day
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""What is wrong right now and whom it was told, so that nobody is told twice a day."""

from alembic import op

revision = "bot0006"
down_revision = "bot0005"
branch_labels = None
depends_on = None

TABLES = """
-- One row per part of the check-up that is not well; it goes when the part is well again.
CREATE TABLE bot.alerts (
    part text PRIMARY KEY,
    code text NOT NULL,
    at   timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""What is wrong right now and whom it was told, so that nobody is told twice a day."""

from alembic import op

revision = "bot0006"
down_revision = "bot0005"
branch_labels = None
depends_on = None

TABLES = """
-- One row per fault of a part of the check-up that was told; it goes a day later, when the part is well.
CREATE TABLE bot.alerts (
    part text NOT NULL,
    code text NOT NULL,
    at   timestamptz NOT NULL,
    PRIMARY KEY (part, code)
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

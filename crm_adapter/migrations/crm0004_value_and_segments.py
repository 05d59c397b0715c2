"""Organisations, orders, value classes, tags, segments, imports."""

from alembic import op

revision = "crm0004"
down_revision = "crm0003"
branch_labels = None
depends_on = None

TABLES = """
SELECT 1;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

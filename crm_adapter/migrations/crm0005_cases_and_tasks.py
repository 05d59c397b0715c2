"""Cases and follow-up tasks."""

from alembic import op

revision = "crm0005"
down_revision = "crm0004"
branch_labels = None
depends_on = None

TABLES = """
SELECT 1;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

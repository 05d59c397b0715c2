"""The consent ledger, its chain and its projection."""

from alembic import op

revision = "crm0003"
down_revision = "crm0002"
branch_labels = None
depends_on = None

TABLES = """
SELECT 1;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

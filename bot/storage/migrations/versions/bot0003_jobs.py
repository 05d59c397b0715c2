"""Procrastinate's own tables, at the version the lock file pins; in ``public``, since its SQL names no schema.

The SQL is the installed package's; a test pins its sum, so that a new version cannot change it without a migration.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "bot0003"
down_revision = "bot0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))

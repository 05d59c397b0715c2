"""Trained engines by what they were trained on, so that a process loads one instead of training it."""

from alembic import op

revision = "kb0002"
down_revision = "kb0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE kb.engines (
    key        text PRIMARY KEY,
    content    bytea NOT NULL,
    trained_at timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    op.execute(TABLES)

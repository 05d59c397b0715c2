"""Every version of a flow that a conversation may have begun with, by its content's hash."""

from alembic import op

revision = "bot0007"
down_revision = "bot0006"
branch_labels = None
depends_on = None

TABLES = """
-- Texts and steps of the company's flows; nothing of customers. A row never changes: another content has another hash.
CREATE TABLE bot.flow_documents (
    content_hash text PRIMARY KEY CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    document     jsonb NOT NULL,
    source       text NOT NULL,       -- the file's name, for people
    first_seen   timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""Articles by id with the source they came from, and one row that says when their set last changed."""

from alembic import op

revision = "kb0001"
down_revision = None
branch_labels = ("kb",)
depends_on = None

TABLES = """
CREATE SCHEMA IF NOT EXISTS kb;

CREATE TABLE kb.articles (
    id           text PRIMARY KEY CHECK (id <> ''),
    source       text NOT NULL CHECK (source <> ''),
    content_hash text NOT NULL,
    content      jsonb NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX articles_source_idx ON kb.articles (source);

-- Polled by every process: a moved hash says that its index is out of date.
CREATE TABLE kb.revision (
    one          smallint PRIMARY KEY CHECK (one = 1),
    content_hash text NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    op.execute(TABLES)

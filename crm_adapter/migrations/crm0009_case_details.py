"""What a case says beyond its matter (product, address, appointment, files), and what staff had the customer told."""

from alembic import op

revision = "crm0009"
down_revision = "crm0008"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE crm.cases ADD COLUMN sealed_details bytea;
ALTER TABLE crm.case_events ADD COLUMN sealed_told bytea;

-- Deadlines are looked for again and again.
CREATE INDEX cases_first_due_at_idx ON crm.cases (first_due_at) WHERE first_done_at IS NULL AND closed_at IS NULL;
CREATE INDEX cases_final_due_at_idx ON crm.cases (final_due_at) WHERE final_done_at IS NULL AND closed_at IS NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""What customers think: of an answer, of the service, of the company (KP1, KP2), and what they need (CP11, SV4)."""

from alembic import op

revision = "crm0010"
down_revision = "crm0009"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE crm.opinions (
    id              uuid PRIMARY KEY,
    contact_id      uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('answer', 'satisfaction', 'nps', 'questionnaire')),
    topic           text NOT NULL DEFAULT '', -- the article, or the questionnaire
    version         text,                     -- of the questionnaire
    score           smallint CHECK (score BETWEEN 0 AND 10),
    sealed_words    bytea,                    -- the reason, or the answers by question
    conversation_id uuid,
    asked_at        timestamptz NOT NULL,
    answered_at     timestamptz               -- NULL: asked, and not answered
);
CREATE INDEX opinions_contact_id_idx ON crm.opinions (contact_id, kind, asked_at);
CREATE INDEX opinions_answered_at_idx ON crm.opinions (kind, topic, answered_at);
CREATE INDEX opinions_asked_at_idx ON crm.opinions (asked_at);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

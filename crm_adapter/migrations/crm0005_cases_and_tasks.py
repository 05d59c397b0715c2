"""Cases with their events, and the follow-up tasks.

A case names its contact without a foreign key: erasing the customer leaves the case for the statistics of complaints
(CO5), with the contact's id as a pseudonym and everything that was said unreadable, its key being gone.
"""

from alembic import op

revision = "crm0005"
down_revision = "crm0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE crm.cases (
    id               uuid PRIMARY KEY,
    contact_id       uuid NOT NULL,
    number           text NOT NULL CONSTRAINT cases_number_key UNIQUE,
    key_blind        bytea NOT NULL CONSTRAINT cases_key_blind_key UNIQUE,  -- of the idempotency key
    kind             text NOT NULL CHECK (kind IN ('complaint', 'enquiry', 'after_sales', 'repair', 'return',
                                                   'exchange', 'suggestion', 'dispute')),
    category         text NOT NULL,
    priority         text NOT NULL CHECK (priority IN ('low', 'normal', 'high')),
    state            text NOT NULL CHECK (state IN ('open', 'investigating', 'planned', 'executing', 'answered',
                                                    'resolved', 'reopened', 'mediation', 'litigation', 'closed')),
    owner_id         uuid,             -- CO6: a member of staff
    conversation_id  uuid,
    sealed_matter    bytea,            -- all sealed with the contact's key
    sealed_remedy    bytea,
    sealed_reach     bytea,
    sealed_order_ref bytea,
    opened_by        text NOT NULL,
    opened_at        timestamptz NOT NULL,
    first_due_at     timestamptz,      -- SL2
    final_due_at     timestamptz,      -- SL8
    first_done_at    timestamptz,
    final_done_at    timestamptz,
    closed_at        timestamptz,
    root_cause       text,             -- CO5: a class, never words
    version          integer NOT NULL DEFAULT 1
);
CREATE INDEX cases_contact_id_idx ON crm.cases (contact_id, id);
CREATE INDEX cases_owner_id_idx ON crm.cases (owner_id, final_due_at) WHERE closed_at IS NULL;
CREATE INDEX cases_opened_at_idx ON crm.cases (opened_at);

-- Rows are only ever added: every step of a case with who took it (CO2, CO3).
CREATE TABLE crm.case_events (
    case_id     uuid NOT NULL REFERENCES crm.cases (id),
    version     integer NOT NULL,      -- the case's after this step
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    from_state  text,
    to_state    text NOT NULL,
    owner_id    uuid,
    sealed_note bytea NOT NULL,
    PRIMARY KEY (case_id, version)
);

CREATE TABLE crm.tasks (
    id             uuid PRIMARY KEY,
    contact_id     uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    key_blind      bytea NOT NULL CONSTRAINT tasks_key_blind_key UNIQUE,
    case_id        uuid REFERENCES crm.cases (id),
    kind           text NOT NULL,
    sealed_subject bytea NOT NULL,
    due_at         timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'cancelled')),
    owner_id       uuid,
    added_by       text NOT NULL,
    added_at       timestamptz NOT NULL,
    sealed_result  bytea,
    closed_by      text,
    closed_at      timestamptz
);
CREATE INDEX tasks_contact_id_idx ON crm.tasks (contact_id, due_at);
CREATE INDEX tasks_case_id_idx ON crm.tasks (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX tasks_owner_id_idx ON crm.tasks (owner_id, due_at) WHERE state = 'open';
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

"""What goes along with a hand-over, and what the people at the desk have done."""

from alembic import op

revision = "bot0009"
down_revision = "bot0008"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE bot.conversations ADD COLUMN sealed_note bytea; -- why the customer wants a person, and what was tried
CREATE INDEX conversations_agent_idx ON bot.conversations (queued_at) WHERE owner = 'agent' AND closed_at IS NULL;

-- One row per deed of a person at the desk. Its id is made by the person's browser: a request that comes again is known
-- by it. waited_s, where it stands: how long the customer had waited when taken.
CREATE TABLE bot.desk_steps (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES bot.conversations (id) ON DELETE CASCADE,
    agent_id        uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('take', 'answer', 'to_queue', 'to_bot', 'resolve')),
    fence           integer NOT NULL, -- of the conversation afterwards
    message_id      uuid,
    waited_s        double precision,
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX desk_steps_conversation_id_idx ON bot.desk_steps (conversation_id, at);
CREATE INDEX desk_steps_waited_idx ON bot.desk_steps (at) WHERE waited_s IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

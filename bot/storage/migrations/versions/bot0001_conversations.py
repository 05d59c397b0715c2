"""Conversations, their messages, the inbox that makes a delivery count once, and the outbox."""

from alembic import op

revision = "bot0001"
down_revision = None
branch_labels = ("bot",)
depends_on = None

TABLES = """
CREATE SCHEMA IF NOT EXISTS bot;

-- One open conversation per identity. seq runs on from one conversation of an identity to the next, so that a
-- browser needs a single cursor for its whole thread.
CREATE TABLE bot.conversations (
    id           uuid PRIMARY KEY,
    identity_id  uuid NOT NULL,
    channel      text NOT NULL,
    account      text NOT NULL,
    locale       text NOT NULL,
    owner        text NOT NULL DEFAULT 'bot' CHECK (owner IN ('bot', 'queue', 'agent')),
    agent_id     uuid,
    fence        integer NOT NULL DEFAULT 0,
    state        jsonb NOT NULL DEFAULT '{}',
    first_seq    integer NOT NULL DEFAULT 0,
    last_seq     integer NOT NULL DEFAULT 0,
    received_seq integer NOT NULL DEFAULT 0,
    read_seq     integer NOT NULL DEFAULT 0,
    opened_at    timestamptz NOT NULL DEFAULT now(),
    last_at      timestamptz NOT NULL DEFAULT now(),
    closed_at    timestamptz,
    CHECK ((owner = 'agent') = (agent_id IS NOT NULL))
) WITH (fillfactor = 70); -- updated with every message: leave room for in-page updates
CREATE UNIQUE INDEX conversations_open_key ON bot.conversations (identity_id) WHERE closed_at IS NULL;
CREATE INDEX conversations_identity_id_idx ON bot.conversations (identity_id, opened_at);

CREATE TABLE bot.messages (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES bot.conversations (id),
    seq             integer NOT NULL,
    direction       text NOT NULL CHECK (direction IN ('in', 'out')),
    author          text NOT NULL CHECK (author IN ('customer', 'bot', 'agent', 'system')),
    body            jsonb NOT NULL,
    client_msg_id   text,
    in_reply_to     uuid,
    at              timestamptz NOT NULL,
    CONSTRAINT messages_conversation_id_seq_key UNIQUE (conversation_id, seq)
);

CREATE TABLE bot.inbox (
    account         text NOT NULL,
    external_id     text NOT NULL,
    conversation_id uuid NOT NULL,
    message_id      uuid NOT NULL,
    received_at     timestamptz NOT NULL,
    PRIMARY KEY (account, external_id)
);

CREATE TABLE bot.outbox (
    message_id      uuid PRIMARY KEY REFERENCES bot.messages (id),
    conversation_id uuid NOT NULL,
    seq             integer NOT NULL,
    account         text NOT NULL,
    trace_id        text NOT NULL,
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'begun', 'sent', 'failed', 'unknown')),
    queued_at       timestamptz NOT NULL DEFAULT now(),
    settled_at      timestamptz,
    reason          text,
    CONSTRAINT outbox_conversation_id_seq_key UNIQUE (conversation_id, seq)
);
CREATE INDEX outbox_open_idx ON bot.outbox (conversation_id, seq) WHERE state IN ('queued', 'begun');

-- A mark per attempt at a message, written before the message is decided and outside its transaction: what is left
-- of it after its database session is gone is an attempt that killed its process. UNLOGGED: its commit waits for
-- no disk.
CREATE UNLOGGED TABLE bot.attempts (
    account     text NOT NULL,
    external_id text NOT NULL,
    backend     integer NOT NULL DEFAULT pg_backend_pid(),
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attempts_message_idx ON bot.attempts (account, external_id);

CREATE TABLE bot.blobs (
    id         uuid PRIMARY KEY,
    account    text NOT NULL,
    identity   text NOT NULL,
    name       text NOT NULL,
    type       text NOT NULL,
    size       integer NOT NULL,
    sha256     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX blobs_identity_idx ON bot.blobs (account, identity);

-- A shop's identity token opens one session only: its jti is kept until the token has expired anyway.
CREATE TABLE bot.spent_tokens (
    account    text NOT NULL,
    jti        text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (account, jti)
);
"""


def upgrade() -> None:
    op.execute(TABLES)

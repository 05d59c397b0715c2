"""Staff: accounts, sessions, one-time links, failed sign-ins."""

from alembic import op

revision = "bot0002"
down_revision = "bot0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE bot.staff (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    display_name text NOT NULL,
    roles text[] NOT NULL,
    active boolean NOT NULL DEFAULT true,
    password_hash text CHECK (password_hash LIKE '$argon2id$%'),
    locale text CHECK (locale IN ('zh-Hans', 'zh-Hant', 'en')),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at timestamptz
);

CREATE TABLE bot.staff_sessions (
    id uuid PRIMARY KEY,
    staff_id uuid NOT NULL REFERENCES bot.staff,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    user_agent text NOT NULL DEFAULT ''
);
CREATE INDEX staff_sessions_live ON bot.staff_sessions (staff_id, id) WHERE revoked_at IS NULL;

CREATE TABLE bot.staff_links (
    id uuid PRIMARY KEY,
    staff_id uuid NOT NULL REFERENCES bot.staff,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE UNIQUE INDEX staff_links_one_unused ON bot.staff_links (staff_id) WHERE used_at IS NULL;

CREATE TABLE bot.sign_in_failures (
    id uuid PRIMARY KEY,
    name_hash bytea NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sign_in_failures_of_name ON bot.sign_in_failures (name_hash, at);
CREATE INDEX sign_in_failures_of_address ON bot.sign_in_failures (address, at);
CREATE INDEX sign_in_failures_by_age ON bot.sign_in_failures (at);
"""


def upgrade() -> None:
    op.execute(TABLES)

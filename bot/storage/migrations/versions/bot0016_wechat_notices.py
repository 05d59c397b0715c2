"""What users of official accounts said to WeChat about notices, and the notices sent to them."""

from alembic import op

revision = "bot0016"
down_revision = "bot0015"
branch_labels = None
depends_on = None

TABLES = """
-- What WeChat told us of its own question whether notices of a template may be sent; appended, never changed.
CREATE TABLE bot.wechat_permissions (
    id          uuid PRIMARY KEY,
    identity_id uuid NOT NULL,
    account     text NOT NULL,
    template_id text NOT NULL,
    accepted    boolean NOT NULL,
    source      text NOT NULL CHECK (source IN ('asked', 'settings', 'platform')),
    scene       text,                     -- where WeChat asked, in its own numbers
    at          timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX wechat_permissions_identity_idx ON bot.wechat_permissions (identity_id, template_id);

CREATE TABLE bot.wechat_notices (
    id            uuid PRIMARY KEY,
    identity_id   uuid NOT NULL,
    account       text NOT NULL,
    name          text NOT NULL,          -- as in the settings
    key           text NOT NULL,          -- of whoever had it sent: once per identity
    sealed_values bytea NOT NULL,
    if_closed     boolean NOT NULL,       -- only where nothing else can be sent when its turn comes
    state         text NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'begun', 'sent', 'failed', 'unknown', 'unneeded')),
    queued_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at        timestamptz NOT NULL DEFAULT now(),
    lease_until   timestamptz,            -- whose it is until then; also tells one lease from the next
    attempts      integer NOT NULL DEFAULT 0,
    begun_at      timestamptz,
    kind          text,                   -- template, subscription: as it was begun
    template_id   text,
    permission_id uuid REFERENCES bot.wechat_permissions (id),  -- used up by it
    msg_id        text,                   -- WeChat's, by which the end is told
    told          text,                   -- how it ended, as WeChat told: arrived, or why not
    settled_at    timestamptz,
    reason        text,
    error_code    text,                   -- WeChat's own, beside the reason
    CONSTRAINT wechat_notices_key_key UNIQUE (identity_id, key)
);
CREATE UNIQUE INDEX wechat_notices_permission_key ON bot.wechat_notices (permission_id);
CREATE INDEX wechat_notices_due_idx ON bot.wechat_notices (due_at) WHERE state = 'queued';
CREATE INDEX wechat_notices_begun_idx ON bot.wechat_notices (lease_until) WHERE state = 'begun';
CREATE INDEX wechat_notices_msg_idx ON bot.wechat_notices (account, msg_id) WHERE msg_id IS NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TABLES)

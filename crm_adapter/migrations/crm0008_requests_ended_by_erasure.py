"""Requests that nobody answered because the person was erased; contacts that share a phone or e-mail with the erased.

Until now such requests were marked as answered. They are put right here, and their history says so.
"""

from alembic import op
from uuid_utils.compat import uuid7

revision = "crm0008"
down_revision = "crm0007"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE crm.privacy_requests
    DROP CONSTRAINT privacy_requests_state_check,
    ADD CONSTRAINT privacy_requests_state_check CHECK (state IN ('received', 'identity_check', 'in_progress',
                                                                 'answered', 'refused', 'ended_by_erasure')),
    ADD COLUMN ended_at     timestamptz,
    ADD COLUMN ended_by     text,
    ADD COLUMN ended_reason text;             -- the grounds of the erasure: a code

DROP INDEX crm.privacy_requests_open_idx;
CREATE INDEX privacy_requests_open_idx ON crm.privacy_requests (due_at)
 WHERE state IN ('received', 'identity_check', 'in_progress');

-- Living contacts with a phone or an e-mail of somebody who was erased: for staff to decide on. No more than ids, and
-- not for long: it says that the pseudonym and the contact have something in common.
CREATE TABLE crm.shared_reach (
    erasure_id uuid NOT NULL,
    contact_id uuid NOT NULL REFERENCES crm.contacts (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    PRIMARY KEY (erasure_id, contact_id)
);
CREATE INDEX shared_reach_contact_id_idx ON crm.shared_reach (contact_id);
CREATE INDEX shared_reach_at_idx ON crm.shared_reach (at);

-- What is kept for its own time goes by it.
CREATE INDEX tags_at_idx ON crm.tags (at);
CREATE INDEX standing_changes_tags_idx ON crm.standing_changes (at) WHERE what = 'tag';
CREATE INDEX facts_short_lived_idx ON crm.facts (field, at)
 WHERE field IN ('id_number', 'preferences', 'needs', 'birthday');
"""

# An erasing request that was answered had been taken up before: any other ended with somebody else's.
UNANSWERED = """
UPDATE crm.privacy_requests r
   SET state = 'ended_by_erasure', ended_at = r.answered_at, ended_by = coalesce(r.handled_by, e.by),
       ended_reason = e.certificate ->> 'grounds', answered_at = NULL, version = r.version + 1
  FROM crm.erasures e
 WHERE e.id = r.erasure_id AND r.state = 'answered'
   AND (r.kind NOT IN ('delete', 'close_account')
        OR NOT EXISTS (SELECT FROM crm.privacy_events v
                        WHERE v.request_id = r.id AND v.from_state = 'in_progress' AND v.to_state = 'answered'))
RETURNING r.id
"""
TOLD = """
INSERT INTO crm.privacy_events (id, request_id, at, by, from_state, to_state)
VALUES (%s, %s, now(), 'system:crm0008', 'answered', 'ended_by_erasure')
"""
CHECK = """
ALTER TABLE crm.privacy_requests
    ADD CONSTRAINT privacy_requests_ended_check CHECK (
        (state = 'ended_by_erasure') = (ended_at IS NOT NULL AND ended_by IS NOT NULL AND ended_reason IS NOT NULL
                                        AND erasure_id IS NOT NULL))
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(TABLES)
    for (request_id,) in connection.exec_driver_sql(UNANSWERED).all():
        connection.exec_driver_sql(TOLD, (uuid7(), request_id))
    connection.exec_driver_sql(CHECK)

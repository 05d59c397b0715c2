"""The statements of the notices' queue."""

from typing import Final

from sqlalchemy import TextClause, text

from bot.web.wechat.notices.rows import COLUMNS, JOIN

ABANDONED: Final = text("""
UPDATE bot.wechat_notices
   SET state = CASE told WHEN 'arrived' THEN 'sent' ELSE CASE WHEN told IS NULL THEN 'unknown' ELSE 'failed' END END,
       reason = CASE WHEN told IS NULL THEN 'interrupted' ELSE nullif(told, 'arrived') END,
       settled_at = clock_timestamp()
 WHERE id IN (SELECT n.id FROM bot.wechat_notices n
               WHERE n.state = 'begun' AND n.lease_until < now() FOR UPDATE SKIP LOCKED)
""")
"""Begun by somebody whose lease is over: it is never sent again by itself."""

CLAIM: Final = text(f"""
WITH heads AS (
    SELECT n.id FROM bot.wechat_notices n
     WHERE n.state = 'queued' AND n.due_at <= now() AND n.account = ANY(:accounts)
       AND (n.lease_until IS NULL OR n.lease_until < now())
       AND NOT EXISTS (SELECT FROM bot.wechat_notices e
                        WHERE e.identity_id = n.identity_id AND e.id < n.id AND e.state IN ('queued', 'begun'))
     ORDER BY n.due_at LIMIT :limit
       FOR UPDATE SKIP LOCKED),
n AS (
    UPDATE bot.wechat_notices c SET lease_until = clock_timestamp() + :lease_s * interval '1 second'
      FROM heads WHERE c.id = heads.id
    RETURNING c.*)
SELECT {COLUMNS} FROM n {JOIN}
""")  # noqa: S608 - constants of this program
"""The oldest of each user: so a report about one of several under way can be told apart."""

PERMISSION: Final = text("SELECT bot.notice_permission(:identity, :template, :long_term)")
SETTLE_WAITING: Final = text("SELECT bot.settle_waiting(:identity)")
UNREACHABLE: Final = text("SELECT bot.mark_unreachable(:identity, 'refused', :code, now())")


def _begin(permission: str) -> TextClause:
    return text(f"""
UPDATE bot.wechat_notices
   SET state = 'begun', attempts = attempts + 1, begun_at = clock_timestamp(), kind = :kind, template_id = :template,
       lease_until = clock_timestamp() + :lease_s * interval '1 second'{permission}
 WHERE id = :id AND state = 'queued' AND lease_until = :lease
RETURNING lease_until, attempts, begun_at
""")  # noqa: S608 - constants of this program


BEGIN: Final = _begin("")
BEGIN_TAKING: Final = _begin(", permission_id = :permission")
"""Uses up the permission: no other row can have it."""

# A report that comes after its lease still knows better than whoever gave the notice up. What WeChat told of its end
# may have come before the answer, and was put down to the one that was under way: the number shows whether rightly.
SETTLE: Final = text("""
UPDATE bot.wechat_notices n
   SET state = CASE WHEN NOT g.fits THEN CAST(:state AS text) WHEN n.told = 'arrived' THEN 'sent' ELSE 'failed' END,
       reason = CASE WHEN g.fits THEN nullif(n.told, 'arrived') ELSE CAST(:reason AS text) END,
       error_code = CAST(:code AS text),
       told = CASE WHEN g.fits THEN n.told END,
       msg_id = CASE WHEN g.fits THEN n.msg_id ELSE CAST(:msg_id AS text) END,
       permission_id = CASE WHEN :spent THEN n.permission_id END,
       due_at = now() + CAST(:after_s AS float8) * interval '1 second',
       settled_at = CASE WHEN CAST(:state AS text) <> 'queued' THEN clock_timestamp() END,
       lease_until = NULL
  FROM (SELECT l.id, l.told IS NOT NULL AND CAST(:state AS text) IN ('sent', 'unknown')
                     AND coalesce(CAST(:msg_id AS text), l.msg_id) IS NOT DISTINCT FROM l.msg_id AS fits
          FROM bot.wechat_notices l WHERE l.id = :id FOR UPDATE) g
 WHERE n.id = g.id AND n.lease_until = :lease
   AND (n.state IN ('queued', 'begun') OR (n.state = 'unknown' AND n.reason = 'interrupted'))
RETURNING n.state
""")

TOLD: Final = text("""
WITH named AS (
    SELECT n.id FROM bot.wechat_notices n WHERE n.account = :account AND n.msg_id = :msg_id),
guessed AS (
    SELECT n.id FROM bot.wechat_notices n
     WHERE n.identity_id = :identity AND n.account = :account AND n.kind = :kind
       AND n.template_id = coalesce(CAST(:template AS text), n.template_id)
       AND n.msg_id IS NULL AND n.state IN ('begun', 'unknown')
       AND n.begun_at BETWEEN CAST(:at AS timestamptz) - interval '2 minutes'
                          AND CAST(:at AS timestamptz) + interval '2 minutes'
       AND NOT EXISTS (SELECT FROM named)),
found AS (
    SELECT id FROM named UNION ALL SELECT id FROM guessed WHERE (SELECT count(*) FROM guessed) = 1)
UPDATE bot.wechat_notices n
   SET told = CAST(:told AS text), msg_id = :msg_id,
       state = CASE WHEN n.state = 'begun' THEN n.state WHEN CAST(:told AS text) = 'arrived' THEN 'sent'
                    ELSE 'failed' END,
       reason = CASE WHEN n.state <> 'begun' THEN nullif(CAST(:told AS text), 'arrived') END,
       error_code = coalesce(CAST(:code AS text), n.error_code),
       settled_at = CASE WHEN n.state <> 'begun' THEN coalesce(n.settled_at, clock_timestamp()) END
  FROM found
 WHERE n.id = found.id AND n.told IS NULL AND n.state IN ('begun', 'sent', 'unknown')
RETURNING n.id, n.state, n.identity_id
""")
"""What WeChat told of the end of a notice. One whose answer was lost has no number yet: where just one of the kind is
under way to this user, or unknown, it is that one."""

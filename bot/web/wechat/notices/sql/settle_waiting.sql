-- When somebody was last here: wrote, or did anything that lets us send.
CREATE OR REPLACE FUNCTION bot.last_act(p_identity uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(greatest((SELECT max(w.at) FROM bot.send_windows w WHERE w.identity_id = p_identity),
                             (SELECT max(c.last_at) FROM bot.conversations c WHERE c.identity_id = p_identity)),
                    '-infinity')
$$;

-- Lines that wait for the customer because a notice told of them: where the notice ended without telling anybody they
-- fail with its reason, and where it was not needed they are tried again. Another one that told of them, or still may,
-- keeps them waiting. Of one identity, or of all; how many lines.
CREATE OR REPLACE FUNCTION bot.settle_waiting(p_identity uuid) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    number bigint;
BEGIN
    WITH ended AS (
        SELECT w.message_id, n.state, n.reason, n.error_code
          FROM (SELECT o.message_id, c.identity_id
                  FROM bot.outbox o JOIN bot.conversations c ON c.id = o.conversation_id
                 WHERE o.state = 'queued' AND o.due_at > now() AND o.reason = 'notice'
                   AND (p_identity IS NULL OR c.identity_id = p_identity)
                   FOR UPDATE OF o SKIP LOCKED) w
          CROSS JOIN LATERAL (SELECT l.state, l.reason, l.error_code FROM bot.wechat_notices l
                               WHERE l.identity_id = w.identity_id
                               ORDER BY l.queued_at DESC, l.id DESC LIMIT 1) n
         WHERE n.state IN ('failed', 'unneeded')
           AND NOT EXISTS (SELECT FROM bot.wechat_notices g
                            WHERE g.identity_id = w.identity_id AND g.state IN ('queued', 'begun', 'sent', 'unknown')
                              AND g.queued_at > bot.last_act(w.identity_id)))
    UPDATE bot.outbox o
       SET state = CASE WHEN e.state = 'failed' THEN 'failed' ELSE 'queued' END,
           settled_at = CASE WHEN e.state = 'failed' THEN clock_timestamp() END,
           due_at = CASE WHEN e.state = 'failed' THEN o.due_at ELSE now() END,
           reason = CASE WHEN e.state = 'failed' THEN 'notice_' || e.reason END,
           error_code = CASE WHEN e.state = 'failed' THEN e.error_code END
      FROM ended e
     WHERE o.message_id = e.message_id;
    GET DIAGNOSTICS number = ROW_COUNT;
    RETURN number;
END
$$;

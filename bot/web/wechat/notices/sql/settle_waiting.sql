-- When somebody was last here: wrote, or did anything that lets us send.
CREATE OR REPLACE FUNCTION bot.last_act(p_identity uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(greatest((SELECT max(w.at) FROM bot.send_windows w WHERE w.identity_id = p_identity),
                             (SELECT m.at FROM bot.conversations c
                               CROSS JOIN LATERAL (SELECT l.at FROM bot.messages l
                                                    WHERE l.conversation_id = c.id AND l.direction = 'in'
                                                    ORDER BY l.seq DESC LIMIT 1) m
                               WHERE c.identity_id = p_identity
                               ORDER BY c.opened_at DESC LIMIT 1)),
                    '-infinity')
$$;

-- Lines that wait for the customer because a notice told of them: where the notice ended without telling anybody they
-- fail with its reason, and where it was not needed they are tried again. Another one that told of them, or still may,
-- keeps them waiting. Of one identity, or of all; how many lines.
CREATE OR REPLACE FUNCTION bot.settle_waiting(p_identity uuid) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ended record;
    number bigint := 0;
BEGIN
    FOR ended IN
        SELECT w.message_id, n.state, concat('notice_', n.reason) AS reason, n.error_code
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
                              AND g.queued_at > bot.last_act(w.identity_id))
    LOOP
        IF ended.state = 'failed' THEN
            UPDATE bot.outbox o
               SET state = ended.state, reason = ended.reason, error_code = ended.error_code,
                   settled_at = clock_timestamp(), lease_until = NULL
             WHERE o.message_id = ended.message_id;
        ELSE
            UPDATE bot.outbox o SET due_at = now(), reason = NULL WHERE o.message_id = ended.message_id;
        END IF;
        number := number + 1;
    END LOOP;
    RETURN number;
END
$$;

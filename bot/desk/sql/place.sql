-- Where a customer stands in the queue: how many go first, how many were taken lately and how long half of those had
-- waited at most. For a conversation that does not wait yet: where it would stand.
CREATE OR REPLACE FUNCTION bot.desk_place(
    p_conversation uuid, p_urgent boolean, p_since timestamptz, p_taken integer,
    OUT ahead bigint, OUT taken bigint, OUT waited_s double precision
) LANGUAGE sql STABLE AS $$
    SELECT (SELECT count(*)
              FROM bot.conversations q, bot.conversations mine
             WHERE mine.id = p_conversation AND q.owner = 'queue' AND q.closed_at IS NULL AND q.id <> mine.id
               AND (q.urgent AND NOT p_urgent
                    OR q.urgent = p_urgent AND (mine.owner <> 'queue' OR q.queued_at < mine.queued_at))),
           count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY recent.waited_s)
      FROM (SELECT s.waited_s FROM bot.desk_steps s
             WHERE s.waited_s IS NOT NULL AND s.at > p_since
             ORDER BY s.at DESC LIMIT p_taken) AS recent
$$;

-- Who could take a customer now: people of these roles whose console was open since then.
CREATE OR REPLACE FUNCTION bot.desk_present(p_roles text[], p_since timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT s.staff_id)
      FROM bot.staff_sessions s
      JOIN bot.staff p ON p.id = s.staff_id
     WHERE p.active AND p.roles && p_roles AND s.revoked_at IS NULL AND s.expires_at > now() AND s.last_seen_at > p_since
$$;

-- Differs whenever something has become of a line of this conversation that goes out by itself, or more or less may be
-- sent; ids and counts only.
CREATE OR REPLACE FUNCTION bot.sending_mark(p_conversation uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws(' ', count(o.*) FILTER (WHERE o.state IN ('queued', 'begun')), sum(o.attempts), max(o.settled_at),
                     bool_or(o.due_at = 'infinity' AND o.state = 'queued'),
                     (SELECT concat_ws(' ', count(*), max(w.at), sum(w.sent))
                        FROM bot.send_windows w WHERE w.identity_id = c.identity_id),
                     (SELECT u.since FROM bot.unreachable u WHERE u.identity_id = c.identity_id))
      FROM bot.conversations c
      LEFT JOIN bot.outbox o ON o.conversation_id = c.id AND o.seq > c.last_seq - 100
     WHERE c.id = p_conversation
     GROUP BY c.id
$$;

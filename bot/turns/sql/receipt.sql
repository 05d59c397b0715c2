-- The customer's browser says how far it has received and read; what it received counts as sent. Never goes back.
CREATE OR REPLACE FUNCTION bot.receipt(p_identity bytea, p_received integer, p_read integer) RETURNS void
LANGUAGE sql VOLATILE AS $$
    WITH moved AS (
        UPDATE bot.conversations c
           SET received_seq = least(c.last_seq, greatest(c.received_seq, p_received, p_read)),
               read_seq = least(c.last_seq, greatest(c.read_seq, p_read))
         WHERE c.identity_id = crm.find_identity(p_identity)
           AND c.last_seq > c.first_seq
           AND (c.received_seq < least(c.last_seq, greatest(p_received, p_read)) OR c.read_seq < least(c.last_seq, p_read))
        RETURNING c.id, c.received_seq
    )
    UPDATE bot.outbox o SET state = 'sent', settled_at = now()
      FROM moved
     WHERE o.conversation_id = moved.id AND o.seq <= moved.received_seq AND o.state IN ('queued', 'begun')
$$;

-- One more line of a locked conversation with its outbox row and interaction; its seq.
CREATE OR REPLACE FUNCTION bot.desk_line(
    p_conversation uuid, p_author text, p_message uuid, p_sealed_body bytea, p_at timestamptz, p_trace text,
    p_interactions jsonb
) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    talk bot.conversations;
BEGIN
    UPDATE bot.conversations c SET last_seq = c.last_seq + 1, last_at = now()
     WHERE c.id = p_conversation
    RETURNING c.* INTO talk;
    INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, at)
    VALUES (p_message, p_conversation, talk.last_seq, 'out', p_author, p_sealed_body, p_at);
    INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, due_at)
    VALUES (p_message, p_conversation, talk.last_seq, talk.account, p_trace,
            CASE WHEN bot.pushes(talk.channel) THEN now() END);
    PERFORM crm.append_interactions(talk.identity_id, p_conversation, talk.channel, talk.account, p_trace,
                                    p_interactions);
    RETURN talk.last_seq;
END
$$;

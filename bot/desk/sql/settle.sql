-- A person says what became of a line of which nobody knew whether it had arrived: it has (p_kind arrived), or it is to
-- be sent again, from the one of its messages that is in doubt. To send it again is to speak, so it takes what an answer
-- does (YD001); refused (YD005) when it is known by now. Whoever was sending it has no say any more.
CREATE OR REPLACE FUNCTION bot.desk_settle(
    p_step uuid, p_conversation uuid, p_agent uuid, p_fence integer, p_message uuid, p_kind text
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    talk bot.conversations;
BEGIN
    IF bot.desk_done(p_step, p_conversation, p_agent, p_kind) IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM bot.desk_steps s WHERE s.id = p_step AND s.message_id = p_message) THEN
            RAISE EXCEPTION 'this id belongs to another step' USING ERRCODE = 'YD004';
        END IF;
        RETURN;
    END IF;
    SELECT c.* INTO talk FROM bot.conversations c WHERE c.id = p_conversation;
    IF p_kind = 'again' AND (talk.owner <> 'agent' OR talk.agent_id <> p_agent OR talk.fence <> p_fence
                             OR talk.closed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the conversation has another speaker by now' USING ERRCODE = 'YD001';
    END IF;
    UPDATE bot.outbox o
       SET state = CASE p_kind WHEN 'again' THEN 'queued' ELSE 'sent' END,
           parts = CASE p_kind WHEN 'again' THEN o.parts ELSE o.parts + 1 END,
           due_at = CASE p_kind WHEN 'again' THEN now() ELSE o.due_at END,
           settled_at = CASE p_kind WHEN 'again' THEN NULL ELSE clock_timestamp() END,
           lease_until = NULL, reason = NULL, error_code = NULL, rid = NULL
     WHERE o.message_id = p_message AND o.conversation_id = p_conversation AND o.state = 'unknown';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'what became of this line is known' USING ERRCODE = 'YD005';
    END IF;
    INSERT INTO bot.desk_steps (id, conversation_id, agent_id, kind, fence, message_id)
    VALUES (p_step, p_conversation, p_agent, p_kind, talk.fence, p_message);
END
$$;

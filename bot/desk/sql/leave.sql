-- A person lets go of a conversation: back to the queue at its old place, to the bot with a word of it to the customer
-- (p_message), or because all is settled, which closes it. Refused (YD001) as an answer is.
CREATE OR REPLACE FUNCTION bot.desk_leave(
    p_step uuid, p_conversation uuid, p_agent uuid, p_fence integer, p_kind text, p_message uuid, p_sealed_body bytea,
    p_at timestamptz, p_trace text, p_interactions jsonb, OUT fence integer, OUT first boolean
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    desk_leave.fence := bot.desk_done(p_step, p_conversation, p_agent, p_kind);
    desk_leave.first := desk_leave.fence IS NULL;
    IF NOT desk_leave.first THEN
        RETURN;
    END IF;
    UPDATE bot.conversations c
       SET owner = CASE p_kind WHEN 'to_queue' THEN 'queue' ELSE 'bot' END, agent_id = NULL, fence = c.fence + 1,
           queued_at = CASE p_kind WHEN 'to_queue' THEN coalesce(c.queued_at, clock_timestamp()) END,
           urgent = p_kind = 'to_queue' AND c.urgent,
           sealed_note = CASE p_kind WHEN 'to_queue' THEN c.sealed_note END,
           wake_at = CASE p_kind WHEN 'resolve' THEN NULL ELSE c.wake_at END,
           closed_at = CASE p_kind WHEN 'resolve' THEN clock_timestamp() END,
           close_reason = CASE p_kind WHEN 'resolve' THEN 'agent' END
     WHERE c.id = p_conversation AND c.owner = 'agent' AND c.agent_id = p_agent AND c.fence = p_fence
       AND c.closed_at IS NULL
    RETURNING c.fence INTO desk_leave.fence;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the conversation has another speaker by now' USING ERRCODE = 'YD001';
    END IF;
    IF p_message IS NOT NULL THEN
        PERFORM bot.desk_line(p_conversation, 'bot', p_message, p_sealed_body, p_at, p_trace, p_interactions);
    END IF;
    INSERT INTO bot.desk_steps (id, conversation_id, agent_id, kind, fence)
    VALUES (p_step, p_conversation, p_agent, p_kind, desk_leave.fence);
END
$$;

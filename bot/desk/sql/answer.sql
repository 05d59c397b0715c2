-- A person answers. Refused (YD001) when the conversation has another speaker than the one that the person saw.
CREATE OR REPLACE FUNCTION bot.desk_answer(
    p_step uuid, p_conversation uuid, p_agent uuid, p_fence integer, p_message uuid, p_sealed_body bytea,
    p_at timestamptz, p_trace text, p_interactions jsonb, OUT message_id uuid, OUT seq integer
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    IF bot.desk_done(p_step, p_conversation, p_agent, 'answer') IS NOT NULL THEN
        SELECT s.message_id, m.seq INTO desk_answer.message_id, desk_answer.seq
          FROM bot.desk_steps s LEFT JOIN bot.messages m ON m.id = s.message_id
         WHERE s.id = p_step;
        RETURN;
    END IF;
    PERFORM FROM bot.conversations c
      WHERE c.id = p_conversation AND c.owner = 'agent' AND c.agent_id = p_agent AND c.fence = p_fence
        AND c.closed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the conversation has another speaker by now' USING ERRCODE = 'YD001';
    END IF;
    desk_answer.message_id := p_message;
    desk_answer.seq := bot.desk_line(p_conversation, 'agent', p_message, p_sealed_body, p_at, p_trace, p_interactions);
    INSERT INTO bot.desk_steps (id, conversation_id, agent_id, kind, fence, message_id)
    VALUES (p_step, p_conversation, p_agent, 'answer', p_fence, p_message);
END
$$;

-- A person takes a waiting conversation. Of two who want it, one gets it: the other is told who has it (YD002).
-- p_step is the caller's own id of this step: whoever asks again with it gets the first answer.
CREATE OR REPLACE FUNCTION bot.desk_take(p_step uuid, p_conversation uuid, p_agent uuid, OUT fence integer)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    since timestamptz;
BEGIN
    desk_take.fence := bot.desk_done(p_step, p_conversation, p_agent, 'take');
    IF desk_take.fence IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE bot.conversations c SET owner = 'agent', agent_id = p_agent, fence = c.fence + 1
     WHERE c.id = p_conversation AND c.owner = 'queue' AND c.closed_at IS NULL
    RETURNING c.fence, c.queued_at INTO desk_take.fence, since;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the conversation does not wait any more' USING ERRCODE = 'YD002';
    END IF;
    -- What the bot wanted to say and has not begun to send would come after the person has spoken.
    UPDATE bot.outbox o SET state = 'failed', reason = 'taken_over', settled_at = clock_timestamp()
      FROM bot.messages m
     WHERE o.conversation_id = p_conversation AND o.state = 'queued' AND m.id = o.message_id AND m.author = 'bot';
    -- Only the first take-over since the customer asked for a person says how long one waits.
    INSERT INTO bot.desk_steps (id, conversation_id, agent_id, kind, fence, waited_s)
    VALUES (p_step, p_conversation, p_agent, 'take', desk_take.fence,
            CASE WHEN NOT EXISTS (SELECT FROM bot.desk_steps s
                                   WHERE s.conversation_id = p_conversation AND s.kind = 'take' AND s.at >= since)
                 THEN extract(epoch FROM clock_timestamp() - since) END);
END
$$;

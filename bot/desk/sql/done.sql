-- Locks the conversation for a step of the desk and says whether this very step was done before: the fence that stood
-- after it, or NULL. First in its transaction; identity and contact before the conversation, as a turn takes them.
CREATE OR REPLACE FUNCTION bot.desk_done(p_step uuid, p_conversation uuid, p_agent uuid, p_kind text) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    step bot.desk_steps;
BEGIN
    PERFORM crm.hold_identity(c.identity_id) FROM bot.conversations c WHERE c.id = p_conversation;
    PERFORM FROM bot.conversations c WHERE c.id = p_conversation FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such conversation' USING ERRCODE = 'YD003';
    END IF;
    SELECT s.* INTO step FROM bot.desk_steps s WHERE s.id = p_step;
    IF FOUND AND (step.conversation_id, step.agent_id, step.kind) IS DISTINCT FROM (p_conversation, p_agent, p_kind) THEN
        RAISE EXCEPTION 'this id belongs to another step' USING ERRCODE = 'YD004';
    END IF;
    RETURN step.fence;
END
$$;

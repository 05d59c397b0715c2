-- The second half of a turn: messages, outbox, interactions, the conversation's new state. A stale fence is refused:
-- whoever took the conversation over in the meantime is the one who may speak.
--
-- p_lines are the lines of this turn in their order, with a body and an interaction each: what the customer said where
-- p_heard, whose id is p_message, and the bot's answers to it. A p_locale is said where it is another one than before.
-- Until p_reply_by whoever took the message may still give the answers itself; where we send, we send them afterwards.
-- p_act is what the customer did, where that allows us to send; it stands or falls with the message.
CREATE OR REPLACE FUNCTION bot.record_turn(
    p_conversation uuid, p_fence integer, p_identity uuid, p_channel text, p_account text, p_blind bytea, p_trace text,
    p_locale text, p_owner text, p_sealed_state bytea, p_wake_at timestamptz, p_close boolean, p_urgent boolean,
    p_heard boolean, p_message uuid, p_client_msg_id text, p_heard_at timestamptz, p_answered_at timestamptz,
    p_last_seq integer, p_lines uuid[], p_bodies bytea[], p_blobs uuid[], p_interactions uuid[], p_contents bytea[],
    p_outcome_kind text, p_outcome_ref text, p_latency_ms double precision, p_reply_by timestamptz, p_act text
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE bot.conversations c
       SET sealed_state = p_sealed_state, locale = coalesce(p_locale, c.locale), owner = p_owner,
           agent_id = CASE WHEN p_owner = 'agent' THEN c.agent_id END,
           fence = c.fence + (c.owner <> p_owner OR p_close)::integer,
           last_seq = c.last_seq + cardinality(p_lines),
           last_at = CASE WHEN p_heard THEN now() ELSE c.last_at END,
           wake_at = CASE WHEN NOT p_close THEN p_wake_at END,
           closed_at = CASE WHEN p_close THEN now() END,
           close_reason = CASE WHEN p_close THEN 'dialog' END,
           queued_at = CASE WHEN p_owner <> 'bot' THEN coalesce(c.queued_at, now()) END,
           urgent = p_owner <> 'bot' AND (c.urgent OR p_urgent)
     WHERE c.id = p_conversation AND c.fence = p_fence;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the conversation has another speaker by now' USING ERRCODE = 'YD001';
    END IF;

    INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, client_msg_id, in_reply_to, at)
    SELECT l.id, p_conversation, p_last_seq + l.number,
           CASE WHEN l.id = p_message THEN 'in' ELSE 'out' END,
           CASE WHEN l.id = p_message THEN 'customer' ELSE 'bot' END,
           l.sealed_body,
           CASE WHEN l.id = p_message THEN p_client_msg_id END,
           nullif(p_message, l.id),
           CASE WHEN l.id = p_message THEN p_heard_at ELSE p_answered_at END
      FROM unnest(p_lines, p_bodies) WITH ORDINALITY AS l(id, sealed_body, number);

    IF cardinality(p_blobs) > 0 THEN
        UPDATE bot.blobs b SET message_id = p_message
         WHERE b.id = ANY(p_blobs) AND b.identity_id = p_identity AND b.message_id IS NULL;
    END IF;

    INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, due_at)
    SELECT l.id, p_conversation, p_last_seq + l.number, p_account, p_trace,
           CASE WHEN bot.pushes(p_channel) THEN coalesce(p_reply_by, now()) END
      FROM unnest(p_lines) WITH ORDINALITY AS l(id, number)
     WHERE l.id <> p_message;

    IF p_act IS NOT NULL THEN
        PERFORM bot.acted(p_identity, p_act, p_heard_at);
    END IF;
    IF p_locale IS NOT NULL THEN
        PERFORM crm.note_language(p_identity, p_locale);
    END IF;
    PERFORM crm.append_talk(p_identity, p_conversation, p_channel, p_account, p_trace, p_message, p_heard_at,
                            p_answered_at, p_lines, p_interactions, p_contents, p_outcome_kind, p_outcome_ref,
                            p_latency_ms);

    DELETE FROM bot.attempts a WHERE a.blind = p_blind;
END
$$;

-- The second half of a turn: messages, outbox, interactions, the conversation's new state. A stale fence is refused:
-- whoever took the conversation over in the meantime is the one who may speak.
CREATE OR REPLACE FUNCTION bot.end_turn(
    p_conversation uuid, p_fence integer, p_identity uuid, p_channel text, p_account text, p_blind bytea, p_trace text,
    p_locale text, p_owner text, p_sealed_state bytea, p_messages jsonb, p_blobs uuid[], p_interactions jsonb,
    p_wake_at timestamptz, p_close boolean, p_urgent boolean, p_heard boolean
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    spoken text;
BEGIN
    SELECT c.locale INTO spoken FROM bot.conversations c WHERE c.id = p_conversation;
    UPDATE bot.conversations c
       SET sealed_state = p_sealed_state, locale = p_locale, owner = p_owner,
           agent_id = CASE WHEN p_owner = 'agent' THEN c.agent_id END,
           fence = c.fence + (c.owner <> p_owner OR p_close)::integer,
           last_seq = c.last_seq + jsonb_array_length(p_messages),
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
    SELECT m.id, p_conversation, m.seq, m.direction, m.author, m.sealed_body, m.client_msg_id, m.in_reply_to, m.at
      FROM jsonb_to_recordset(p_messages) AS m(id uuid, seq integer, direction text, author text, sealed_body bytea,
                                               client_msg_id text, in_reply_to uuid, at timestamptz);

    IF cardinality(p_blobs) > 0 THEN
        UPDATE bot.blobs b SET message_id = (p_messages -> 0 ->> 'id')::uuid
         WHERE b.id = ANY(p_blobs) AND b.identity_id = p_identity AND b.message_id IS NULL;
    END IF;

    INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id)
    SELECT m.id, p_conversation, m.seq, p_account, p_trace
      FROM jsonb_to_recordset(p_messages) AS m(id uuid, seq integer, direction text)
     WHERE m.direction = 'out';

    IF spoken <> p_locale THEN
        PERFORM crm.note_language(p_identity, p_locale);
    END IF;
    PERFORM crm.append_interactions(p_identity, p_conversation, p_channel, p_account, p_trace, p_interactions);

    DELETE FROM bot.attempts a WHERE a.blind = p_blind;
END
$$;

-- What the bot keeps of these people, removed; called by crm.erase_people, which says what it expects back.
CREATE OR REPLACE FUNCTION bot.erase_talk(p_identities uuid[], p_contacts uuid[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    conversations uuid[];
    files uuid[];
    messages_gone bigint;
    outgoing_gone bigint;
    codes_gone bigint;
    parked_gone bigint;
    events_gone bigint;
BEGIN
    -- Conversations before their rows, as receipts and turns lock them.
    conversations := ARRAY(
        SELECT c.id FROM bot.conversations c WHERE c.identity_id = ANY(p_identities) ORDER BY c.id FOR UPDATE);
    DELETE FROM bot.attempts a USING bot.inbox i
     WHERE i.conversation_id = ANY(conversations) AND a.blind = i.blind;
    DELETE FROM bot.inbox i WHERE i.conversation_id = ANY(conversations);
    DELETE FROM bot.outbox o WHERE o.conversation_id = ANY(conversations);
    DELETE FROM bot.send_windows w WHERE w.identity_id = ANY(p_identities);
    DELETE FROM bot.wechat_unionids w WHERE w.identity_id = ANY(p_identities);
    DELETE FROM bot.unreachable u WHERE u.identity_id = ANY(p_identities);
    DELETE FROM bot.wechat_notices n WHERE n.identity_id = ANY(p_identities);
    DELETE FROM bot.wechat_permissions p WHERE p.identity_id = ANY(p_identities);
    DELETE FROM bot.channel_events e USING crm.identities i WHERE i.id = ANY(p_identities) AND e.subject = i.blind;
    GET DIAGNOSTICS events_gone = ROW_COUNT;
    DELETE FROM bot.messages m WHERE m.conversation_id = ANY(conversations);
    GET DIAGNOSTICS messages_gone = ROW_COUNT;
    DELETE FROM bot.conversations c WHERE c.id = ANY(conversations);
    WITH gone AS (DELETE FROM bot.blobs b WHERE b.identity_id = ANY(p_identities) RETURNING b.id)
    SELECT coalesce(array_agg(gone.id), '{}') INTO files FROM gone;
    DELETE FROM bot.confirmation_codes c WHERE c.contact_id = ANY(p_contacts);
    GET DIAGNOSTICS codes_gone = ROW_COUNT;
    DELETE FROM bot.outgoing_messages m WHERE m.contact_id = ANY(p_contacts);
    GET DIAGNOSTICS outgoing_gone = ROW_COUNT;
    DELETE FROM bot.parked_flows p WHERE p.contact_id = ANY(p_contacts);
    GET DIAGNOSTICS parked_gone = ROW_COUNT;
    RETURN jsonb_build_object(
        'erased', jsonb_build_object('messages', messages_gone, 'conversations', cardinality(conversations),
                                     'attachments', cardinality(files), 'outgoing', outgoing_gone, 'codes', codes_gone,
                                     'parked_flows', parked_gone, 'channel_events', events_gone),
        'files', to_jsonb(files));
END
$$;

-- CH2: records interactions with one identity; a key that is there already is left as it is.
CREATE OR REPLACE FUNCTION crm.append_interactions(
    p_identity uuid, p_conversation uuid, p_channel text, p_account text, p_trace text, p_items jsonb
) RETURNS void LANGUAGE sql VOLATILE AS $$
    INSERT INTO crm.interactions (id, identity_id, conversation_id, channel, account, trace_id, direction,
                                  occurred_at, sealed_content, outcome_kind, outcome_ref, latency_ms, idempotency_key)
    SELECT i.id, p_identity, p_conversation, p_channel, p_account, p_trace, i.direction,
           i.at, i.sealed_content, i.outcome_kind, i.outcome_ref, i.latency_ms, i.key
      FROM jsonb_to_recordset(p_items) AS i(id uuid, direction text, at timestamptz, sealed_content bytea,
                                            outcome_kind text, outcome_ref text, latency_ms double precision, key text)
    ON CONFLICT ON CONSTRAINT interactions_idempotency_key_key DO NOTHING
$$;

-- CH2, for a turn of the bot: what was said and its answers, one interaction for each of p_messages; p_heard is the one
-- that the customer said.
CREATE OR REPLACE FUNCTION crm.append_talk(
    p_identity uuid, p_conversation uuid, p_channel text, p_account text, p_trace text, p_heard uuid,
    p_heard_at timestamptz, p_answered_at timestamptz, p_messages uuid[], p_ids uuid[], p_contents bytea[],
    p_outcome_kind text, p_outcome_ref text, p_latency_ms double precision
) RETURNS void LANGUAGE sql VOLATILE AS $$
    INSERT INTO crm.interactions (id, identity_id, conversation_id, channel, account, trace_id, direction,
                                  occurred_at, sealed_content, outcome_kind, outcome_ref, latency_ms, idempotency_key)
    SELECT i.id, p_identity, p_conversation, p_channel, p_account, p_trace,
           CASE WHEN i.message = p_heard THEN 'in' ELSE 'out' END,
           CASE WHEN i.message = p_heard THEN p_heard_at ELSE p_answered_at END,
           i.sealed_content, p_outcome_kind, p_outcome_ref,
           CASE WHEN i.message = p_heard THEN p_latency_ms END,
           'message:' || i.message
      FROM unnest(p_messages, p_ids, p_contents) AS i(message, id, sealed_content)
    ON CONFLICT ON CONSTRAINT interactions_idempotency_key_key DO NOTHING
$$;

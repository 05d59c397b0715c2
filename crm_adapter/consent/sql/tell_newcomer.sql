-- What a contact was told that this transaction has made: nobody else knows it yet, so nothing stands that would have
-- to be looked at or locked first. False, and nothing written, where the notice is not stored yet.
CREATE OR REPLACE FUNCTION crm.tell_newcomer(p_event jsonb, p_chain text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    WITH told AS (
        INSERT INTO crm.consent_events
        SELECT e.*
          FROM crm.notices n,
               jsonb_populate_record(
                   NULL::crm.consent_events,
                   p_event || jsonb_build_object('notice_version', n.version, 'received_at', clock_timestamp())) e
         WHERE n.hash = p_event ->> 'notice_hash'
        ON CONFLICT DO NOTHING
        RETURNING id, subject
    ), queued AS (
        INSERT INTO crm.unlinked (chain, event_id) SELECT p_chain, t.id FROM told t
    )
    INSERT INTO crm.changes (contact_id, kind, record_id) SELECT t.subject, 'consent', t.id FROM told t;
    RETURN FOUND;
END
$$;

-- Nothing is sent to this identity until it acts again; whoever has acted since p_at is reached. Whether it is marked.
CREATE OR REPLACE FUNCTION bot.mark_unreachable(p_identity uuid, p_reason text, p_code text, p_at timestamptz)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- Held against an erasure, which would not see the row.
    PERFORM FROM crm.hold_identity(p_identity);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO bot.unreachable AS u (identity_id, reason, error_code, since)
    SELECT p_identity, p_reason, p_code, p_at
     WHERE NOT EXISTS (SELECT FROM bot.send_windows w WHERE w.identity_id = p_identity AND w.at > p_at)
    ON CONFLICT (identity_id) DO UPDATE
       SET reason = excluded.reason, error_code = excluded.error_code, since = excluded.since
     WHERE u.since < excluded.since;
    RETURN FOUND;
END
$$;

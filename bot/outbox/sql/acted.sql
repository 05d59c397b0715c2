-- A customer did something that lets us send: their window of that kind begins anew, and they are reached again.
-- What is told late changes nothing that came after it.
CREATE OR REPLACE FUNCTION bot.acted(p_identity uuid, p_act text, p_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO bot.send_windows AS w (identity_id, trigger, at) VALUES (p_identity, p_act, least(p_at, now()))
    ON CONFLICT (identity_id, trigger) DO UPDATE SET at = excluded.at, sent = 0 WHERE w.at < excluded.at;
    DELETE FROM bot.unreachable u WHERE u.identity_id = p_identity AND u.since <= p_at;
END
$$;

-- A desk of the platform's own is done with a customer: whoever waits here is the bot's again, at the next message.
-- The caller holds the identity.
CREATE OR REPLACE FUNCTION bot.desk_release(p_identity uuid) RETURNS void LANGUAGE sql VOLATILE AS $$
    UPDATE bot.conversations c
       SET owner = 'bot', fence = c.fence + 1, queued_at = NULL, urgent = false, sealed_note = NULL
     WHERE c.identity_id = p_identity AND c.owner = 'queue' AND c.closed_at IS NULL
$$;

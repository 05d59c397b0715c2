-- Retention of what the bot keeps: up to p_limit rows older than p_before, or with p_dry only their number.
CREATE OR REPLACE FUNCTION bot.forget_messages(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old uuid[];
    spent uuid[];
    number bigint;
BEGIN
    IF p_dry THEN
        RETURN (SELECT count(*) FROM bot.messages m WHERE m.at < p_before);
    END IF;
    old := ARRAY(SELECT m.id FROM bot.messages m WHERE m.at < p_before LIMIT p_limit);
    DELETE FROM bot.outbox o WHERE o.message_id = ANY(old);
    DELETE FROM bot.messages m WHERE m.id = ANY(old);
    GET DIAGNOSTICS number = ROW_COUNT;
    DELETE FROM bot.inbox i WHERE i.blind IN (
        SELECT o.blind FROM bot.inbox o WHERE o.received_at < p_before LIMIT p_limit);
    -- A notice goes with the permission that it used up, which would count again without it.
    WITH gone AS (
        DELETE FROM bot.wechat_notices n WHERE n.id IN (
            SELECT o.id FROM bot.wechat_notices o
             WHERE o.queued_at < p_before AND o.state NOT IN ('queued', 'begun')
             LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING n.permission_id)
    SELECT array_agg(gone.permission_id) FILTER (WHERE gone.permission_id IS NOT NULL) INTO spent FROM gone;
    DELETE FROM bot.wechat_permissions p WHERE p.id = ANY(spent);
    -- What went along with a hand-over quotes the customer, and goes with the words themselves.
    UPDATE bot.conversations c SET sealed_note = NULL WHERE c.id IN (
        SELECT o.id FROM bot.conversations o WHERE o.sealed_note IS NOT NULL AND o.last_at < p_before
         LIMIT p_limit FOR UPDATE SKIP LOCKED);
    -- The newest conversation of an identity stays: the next one goes on with its numbers.
    DELETE FROM bot.conversations c WHERE c.id IN (
        SELECT o.id FROM bot.conversations o
         WHERE o.closed_at < p_before
           AND NOT EXISTS (SELECT FROM bot.messages m WHERE m.conversation_id = o.id)
           AND EXISTS (SELECT FROM bot.conversations n WHERE n.identity_id = o.identity_id AND n.opened_at > o.opened_at)
         LIMIT p_limit FOR UPDATE SKIP LOCKED);
    RETURN number;
END
$$;

CREATE OR REPLACE FUNCTION bot.forget_attachments(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    files uuid[];
BEGIN
    IF p_dry THEN
        RETURN (SELECT count(*) FROM bot.blobs b WHERE b.created_at < p_before);
    END IF;
    WITH gone AS (
        DELETE FROM bot.blobs b WHERE b.id IN (
            SELECT o.id FROM bot.blobs o WHERE o.created_at < p_before LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING b.id)
    SELECT coalesce(array_agg(gone.id), '{}') INTO files FROM gone;
    PERFORM crm.doom_files('attachment', files);
    RETURN cardinality(files);
END
$$;

CREATE OR REPLACE FUNCTION bot.forget_parked_flows(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint;
BEGIN
    IF p_dry THEN
        RETURN (SELECT count(*) FROM bot.parked_flows p WHERE p.parked_at < p_before);
    END IF;
    DELETE FROM bot.parked_flows p WHERE p.id IN (
        SELECT o.id FROM bot.parked_flows o WHERE o.parked_at < p_before LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS number = ROW_COUNT;
    RETURN number;
END
$$;

CREATE OR REPLACE FUNCTION bot.forget_channel_events(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT e.id FROM bot.channel_events e WHERE e.received_at < p_before
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM bot.channel_events e USING old WHERE e.id = old.id AND NOT p_dry)
    SELECT count(*) FROM old
$$;

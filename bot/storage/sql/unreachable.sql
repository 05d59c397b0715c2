-- Who cannot be reached is shown so everywhere, and what is queued for them is not sent any more, whatever it is for: it
-- would go out when they come back, days later. Who acts again is reached again.
CREATE OR REPLACE FUNCTION bot.became_unreachable() RETURNS trigger LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM crm.set_reachable(NEW.identity_id, false);
    UPDATE bot.outbox o
       SET state = 'failed', reason = 'unreachable', error_code = NEW.error_code, settled_at = clock_timestamp()
      FROM bot.conversations c
     WHERE c.identity_id = NEW.identity_id AND c.id = o.conversation_id AND o.state = 'queued';
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER became_unreachable AFTER INSERT OR UPDATE ON bot.unreachable
    FOR EACH ROW EXECUTE FUNCTION bot.became_unreachable();

CREATE OR REPLACE FUNCTION bot.became_reachable() RETURNS trigger LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog AS $$
BEGIN
    PERFORM crm.set_reachable(OLD.identity_id, true);
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER became_reachable AFTER DELETE ON bot.unreachable
    FOR EACH ROW EXECUTE FUNCTION bot.became_reachable();

-- A withdrawal takes effect in its own transaction (PIPL 15): whatever is queued for that purpose, to any account of the
-- customer on that channel, is not sent any more. Who queues asks may_use within the transaction, which waits for, or
-- holds up, the withdrawal; so nothing slips in between.
CREATE OR REPLACE FUNCTION bot.cancel_withdrawn() RETURNS trigger LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog AS $$
BEGIN
    UPDATE bot.outbox o
       SET state = 'failed', reason = 'consent_withdrawn', settled_at = clock_timestamp()
      FROM bot.conversations c
      JOIN crm.identities i ON i.id = c.identity_id
      JOIN crm.contacts holder ON holder.id = i.contact_id
      JOIN crm.contacts subject ON subject.root_id = holder.root_id
     WHERE subject.id = NEW.subject
       AND c.id = o.conversation_id
       AND (NEW.channel = '*' OR c.channel = NEW.channel)
       AND o.purpose = NEW.purpose
       AND o.purpose <> 'service'
       AND o.state = 'queued';
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER cancel_withdrawn AFTER INSERT OR UPDATE ON crm.consents
    FOR EACH ROW WHEN (NEW.state <> 'granted') EXECUTE FUNCTION bot.cancel_withdrawn();

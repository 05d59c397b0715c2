-- What a merge or a restriction forbids is not sent any more, though it was queued before: over the family the most
-- restrictive choice wins (PR2), and restricted data is used for nothing (PIPL 44). In doubt a message is cancelled: a
-- no that the family has taken back since, asked as one person, still counts here.
CREATE OR REPLACE FUNCTION bot.cancel_forbidden() RETURNS trigger LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog AS $$
BEGIN
    UPDATE bot.outbox o
       SET state = 'failed', settled_at = clock_timestamp(),
           reason = CASE WHEN NEW.restricted_at IS NULL THEN 'consent_withdrawn' ELSE 'restricted' END
      FROM bot.conversations c
      JOIN crm.identities i ON i.id = c.identity_id
      JOIN crm.contacts holder ON holder.id = i.contact_id
     WHERE holder.root_id = NEW.root_id
       AND c.id = o.conversation_id
       AND o.purpose <> 'service'
       AND o.state = 'queued'
       AND (EXISTS (SELECT FROM crm.contacts m WHERE m.root_id = NEW.root_id AND m.restricted_at IS NOT NULL)
            OR EXISTS (SELECT FROM crm.contacts m JOIN crm.consents s ON s.subject = m.id
                        WHERE m.root_id = NEW.root_id AND s.purpose = o.purpose
                          AND s.channel IN ('*', c.channel) AND s.state IN ('withdrawn', 'refused')));
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER cancel_forbidden AFTER UPDATE OF root_id, restricted_at ON crm.contacts
    FOR EACH ROW WHEN (NEW.root_id <> OLD.root_id OR (NEW.restricted_at IS NOT NULL AND OLD.restricted_at IS NULL))
    EXECUTE FUNCTION bot.cancel_forbidden();

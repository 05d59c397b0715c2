-- Who is this? Finds the identity of an account, or makes it together with a new contact.
--
-- Each statement of a VOLATILE function takes a fresh snapshot, so the loser of a race between two first messages
-- sees the winner's rows in the second round. FOR KEY SHARE keeps a merge or an erasure, which take FOR UPDATE,
-- away until the turn has committed.
CREATE OR REPLACE FUNCTION crm.identify(
    p_channel text, p_account text, p_external_id text, p_assurance text, p_locale text,
    p_new_contact uuid, p_new_identity uuid,
    OUT identity_id uuid, OUT contact_id uuid
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    LOOP
        SELECT i.id, i.contact_id INTO identify.identity_id, identify.contact_id
          FROM crm.identities i JOIN crm.contacts c ON c.id = i.contact_id
         WHERE i.account = p_account AND i.external_id = p_external_id
           FOR KEY SHARE;
        EXIT WHEN FOUND;

        INSERT INTO crm.contacts (id, locale) VALUES (p_new_contact, p_locale);
        INSERT INTO crm.identities (id, contact_id, channel, account, external_id, assurance)
             VALUES (p_new_identity, p_new_contact, p_channel, p_account, p_external_id, p_assurance)
        ON CONFLICT ON CONSTRAINT identities_account_external_id_key DO NOTHING;
        IF FOUND THEN
            identity_id := p_new_identity;
            contact_id := p_new_contact;
            RETURN;
        END IF;
        DELETE FROM crm.contacts c WHERE c.id = p_new_contact;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION crm.find_identity(p_account text, p_external_id text) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT i.id FROM crm.identities i WHERE i.account = p_account AND i.external_id = p_external_id
$$;

-- The language somebody writes in is the one to speak to them; what a browser was set to is only a first guess.
CREATE OR REPLACE FUNCTION crm.note_language(p_identity uuid, p_locale text) RETURNS void
LANGUAGE sql VOLATILE AS $$
    UPDATE crm.contacts c SET locale = p_locale
      FROM crm.identities i
     WHERE i.id = p_identity AND c.id = i.contact_id AND c.locale <> p_locale
$$;

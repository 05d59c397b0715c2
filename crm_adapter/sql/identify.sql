-- Who is this? Finds the identity of an account by its blind index, or makes it together with a new contact and its
-- data key; gives the wrapped data key of the identity either way.
--
-- Each statement of a VOLATILE function takes a fresh snapshot, so the loser of a race between two first messages
-- sees the winner's rows in the second round. FOR KEY SHARE keeps a merge or an erasure, which take FOR UPDATE,
-- away until the turn has committed.
CREATE OR REPLACE FUNCTION crm.identify(
    p_channel text, p_account text, p_blind bytea, p_assurance text, p_locale text,
    p_new_contact uuid, p_new_identity uuid, p_new_key uuid, p_kek text, p_wrapped bytea, p_sealed_external_id bytea,
    OUT identity_id uuid, OUT contact_id uuid, OUT key_id uuid, OUT kek text, OUT wrapped bytea
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    LOOP
        SELECT i.id, i.contact_id, i.key_id, k.kek, k.wrapped
          INTO identify.identity_id, identify.contact_id, identify.key_id, identify.kek, identify.wrapped
          FROM crm.identities i
          JOIN crm.contacts c ON c.id = i.contact_id
          LEFT JOIN vault.data_keys k ON k.id = i.key_id
         WHERE i.blind = p_blind
           FOR KEY SHARE OF i, c;

        IF FOUND AND identify.wrapped IS NOT NULL THEN
            -- Who waited here for a merge or its undoing has the pointer of before.
            PERFORM FROM crm.identities i WHERE i.id = identify.identity_id AND i.contact_id = identify.contact_id;
            CONTINUE WHEN NOT FOUND;
            RETURN;
        ELSIF FOUND THEN
            -- The key store was lost or not restored: what was sealed cannot be read, but the service goes on.
            UPDATE crm.identities i SET key_id = p_new_key
             WHERE i.id = identify.identity_id AND i.key_id = identify.key_id;
            IF FOUND THEN
                INSERT INTO vault.data_keys (id, contact_id, kek, wrapped)
                     VALUES (p_new_key, identify.contact_id, p_kek, p_wrapped);
            END IF;
            CONTINUE;
        END IF;

        INSERT INTO crm.contacts (id, locale, key_id, root_id)
             VALUES (p_new_contact, p_locale, p_new_key, p_new_contact);
        INSERT INTO crm.identities (id, contact_id, channel, account, blind, sealed_external_id, assurance, key_id)
             VALUES (p_new_identity, p_new_contact, p_channel, p_account, p_blind, p_sealed_external_id, p_assurance,
                     p_new_key)
        ON CONFLICT ON CONSTRAINT identities_blind_key DO NOTHING;
        IF FOUND THEN
            INSERT INTO vault.data_keys (id, contact_id, kek, wrapped)
                 VALUES (p_new_key, p_new_contact, p_kek, p_wrapped);
            identity_id := p_new_identity;
            contact_id := p_new_contact;
            key_id := p_new_key;
            kek := p_kek;
            wrapped := p_wrapped;
            RETURN;
        END IF;
        DELETE FROM crm.contacts c WHERE c.id = p_new_contact;
    END LOOP;
END
$$;

-- A data key whose bytes are damaged opens nothing: its identity goes on with a new one, and may be written to again.
-- The damaged key stays in the key store, for a restored copy of it opens what it sealed; it goes with the person.
CREATE OR REPLACE FUNCTION crm.renew_key(
    p_identity uuid, p_damaged uuid, p_new_key uuid, p_kek text, p_wrapped bytea, p_sealed_external_id bytea
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE crm.identities i SET key_id = p_new_key, sealed_external_id = p_sealed_external_id
     WHERE i.id = p_identity AND i.key_id = p_damaged;
    IF FOUND THEN
        INSERT INTO vault.data_keys (id, contact_id, kek, wrapped)
        SELECT p_new_key, k.contact_id, p_kek, p_wrapped FROM vault.data_keys k WHERE k.id = p_damaged;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION crm.find_identity(p_blind bytea) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT i.id FROM crm.identities i WHERE i.blind = p_blind
$$;

-- The language somebody writes in is the one to speak to them; what a browser was set to is only a first guess.
-- A turn waits for nobody who changes, merges or erases the contact: an erasure waits for the turn, so both would wait
-- for ever. Whoever holds it now is rare, and the conversation knows its language anyway.
CREATE OR REPLACE FUNCTION crm.note_language(p_identity uuid, p_locale text) RETURNS void
LANGUAGE sql VOLATILE AS $$
    UPDATE crm.contacts c SET locale = p_locale
     WHERE c.id = (SELECT h.id FROM crm.identities i JOIN crm.contacts h ON h.id = i.contact_id
                    WHERE i.id = p_identity AND h.locale <> p_locale
                      FOR NO KEY UPDATE OF h SKIP LOCKED)
$$;

-- The contacts merged with this one, itself among them, held against merges until the transaction ends.
CREATE OR REPLACE FUNCTION crm.hold_family(p_contact uuid) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    family uuid[];
    held uuid[] := '{}';
BEGIN
    LOOP
        -- A merge that was under way has moved people meanwhile: look again until nobody new is found.
        SELECT coalesce(array_agg(m.id ORDER BY m.id), '{}') INTO family
          FROM crm.contacts c JOIN crm.contacts m ON m.root_id = c.root_id
         WHERE c.id = p_contact;
        EXIT WHEN family = held;
        PERFORM FROM crm.contacts c WHERE c.id = ANY(family) ORDER BY c.id FOR NO KEY UPDATE;
        held := family;
    END LOOP;
    RETURN family;
END
$$;

-- Erases these contacts with everything that leads to them, as the catalogue says, and their data keys.
--
-- Locks: contacts against merges, then identities, then contacts against everybody. A turn locks its identity before
-- its contact, so it either holds the identity, and we wait until it has committed, or it waits for the identity, finds
-- it gone and begins with a new contact. Nobody waits in a circle.
--
-- p_keys are data keys known to have been theirs: after a restore they lead to identities that are not (or not yet)
-- with the contact. People who are merged with the erased in this database and are not among them are set free.
--
-- Whoever keeps what identities said in another schema offers there, owned by the same role, a function
-- erase_talk(identities uuid[], contacts uuid[]) that returns {"erased": {category: rows}, "files": [id, ...]}.
CREATE OR REPLACE FUNCTION crm.erase_people(p_contacts uuid[], p_keys uuid[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present uuid[];
    keys uuid[];
    identities uuid[];
    records uuid[];
    erased jsonb := '{}';
    kept jsonb := '{}';
    talk jsonb;
    entry record;
    condition text;
    ids uuid[];
    number bigint;
BEGIN
    PERFORM FROM crm.contacts c WHERE c.id = ANY(p_contacts) ORDER BY c.id FOR NO KEY UPDATE;
    PERFORM FROM crm.identities i WHERE i.contact_id = ANY(p_contacts) OR i.key_id = ANY(p_keys)
      ORDER BY i.id FOR UPDATE;
    PERFORM FROM crm.contacts c WHERE c.id = ANY(p_contacts) ORDER BY c.id FOR UPDATE;
    present := ARRAY(SELECT c.id FROM crm.contacts c WHERE c.id = ANY(p_contacts));

    keys := ARRAY(SELECT unnest(p_keys)
            UNION SELECT k.id FROM vault.data_keys k WHERE k.contact_id = ANY(p_contacts)
            UNION SELECT c.key_id FROM crm.contacts c WHERE c.id = ANY(p_contacts));
    identities := ARRAY(
        SELECT i.id FROM crm.identities i
         WHERE i.key_id = ANY(keys)
            OR (i.contact_id = ANY(p_contacts)
                AND NOT EXISTS (SELECT FROM vault.data_keys k
                                 WHERE k.id = i.key_id AND k.contact_id <> ALL(p_contacts))));
    keys := ARRAY(SELECT unnest(keys) UNION SELECT i.key_id FROM crm.identities i WHERE i.id = ANY(identities));

    UPDATE crm.identities i SET contact_id = k.contact_id, home_id = NULL
      FROM vault.data_keys k
     WHERE i.contact_id = ANY(p_contacts) AND i.id <> ALL(identities) AND k.id = i.key_id;
    UPDATE crm.contacts c SET root_id = c.id WHERE c.root_id = ANY(p_contacts) AND c.id <> ALL(p_contacts);

    -- The indexer holds the keys it reads with: it ends before us, or finds them gone.
    PERFORM FROM vault.data_keys k WHERE k.id = ANY(keys) ORDER BY k.id FOR UPDATE;
    records := ARRAY(SELECT i.id FROM crm.interactions i WHERE i.identity_id = ANY(identities)
               UNION SELECT f.id FROM crm.facts f WHERE f.contact_id = ANY(p_contacts)
               UNION SELECT unnest(p_contacts));

    FOR entry IN
        SELECT p.oid::regprocedure AS name
          FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
         WHERE p.proname = 'erase_talk' AND p.proargtypes = '2951 2951'::oidvector AND r.rolname = current_user
    LOOP
        EXECUTE format('SELECT %s($1, $2)', split_part(entry.name::text, '(', 1))
           INTO talk USING identities, p_contacts;
        erased := crm.add_counts(erased, talk -> 'erased');
        PERFORM crm.doom_files('attachment', ARRAY(SELECT f::uuid FROM jsonb_array_elements_text(talk -> 'files') f));
    END LOOP;
    PERFORM crm.doom_files('export', ARRAY(
        SELECT r.id FROM crm.privacy_requests r WHERE r.contact_id = ANY(p_contacts)));

    INSERT INTO crm.kept_orders (id, pseudonym, source, placed_at, amount, currency, status, lines)
    SELECT o.id, o.contact_id, o.source, o.placed_at, o.amount, o.currency, o.status, o.lines
      FROM crm.orders o WHERE o.contact_id = ANY(p_contacts)
    ON CONFLICT DO NOTHING;

    FOR entry IN SELECT * FROM crm.data_catalogue() LOOP
        condition := format(CASE entry.leads_to WHEN 'contacts' THEN '%I && $1' ELSE '%I = ANY($1)' END, entry.names);
        ids := CASE entry.leads_to WHEN 'identity' THEN identities WHEN 'record' THEN records ELSE p_contacts END;
        IF entry.treatment IN ('erase', 'replace') THEN
            IF entry.treatment = 'replace' THEN
                condition := condition || $and$ AND kind <> 'erased'$and$;
            END IF;
            EXECUTE format('DELETE FROM %s WHERE %s', entry.table_name::regclass, condition)
              USING ids;
            GET DIAGNOSTICS number = ROW_COUNT;
            erased := crm.add_counts(erased, jsonb_build_object(entry.category, number));
        ELSE
            EXECUTE format('SELECT count(*) FROM %s WHERE %s', entry.table_name::regclass, condition)
               INTO number USING ids;
            kept := crm.add_counts(kept, jsonb_build_object(entry.category, number));
        END IF;
    END LOOP;

    -- All that is left in the feed, so that outside systems erase them too.
    INSERT INTO crm.changes (contact_id, kind, record_id) SELECT id, 'erased', id FROM unnest(present) id;

    DELETE FROM vault.data_keys k WHERE k.id = ANY(keys) OR k.contact_id = ANY(p_contacts);
    GET DIAGNOSTICS number = ROW_COUNT;
    erased := crm.add_counts(erased, jsonb_build_object('data_keys', number));
    RETURN jsonb_build_object('erased', erased, 'kept', kept, 'keys', to_jsonb(keys));
END
$$;

-- Two objects of numbers, added name by name.
CREATE OR REPLACE FUNCTION crm.add_counts(p_one jsonb, p_other jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(key, total), '{}')
      FROM (SELECT key, sum(value::bigint) AS total
              FROM (SELECT * FROM jsonb_each_text(p_one) UNION ALL SELECT * FROM jsonb_each_text(p_other)) both_of
             GROUP BY key) added
$$;

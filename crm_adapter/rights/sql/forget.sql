-- Retention (PR5): up to p_limit rows older than p_before, or with p_dry only their number.
CREATE OR REPLACE FUNCTION crm.forget_interactions(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old uuid[];
    number bigint;
BEGIN
    IF p_dry THEN
        RETURN (SELECT count(*) FROM crm.interactions i WHERE i.occurred_at < p_before);
    END IF;
    old := ARRAY(SELECT i.id FROM crm.interactions i WHERE i.occurred_at < p_before LIMIT p_limit);
    DELETE FROM crm.grams g WHERE g.record_id = ANY(old);
    DELETE FROM crm.interactions i WHERE i.id = ANY(old);
    GET DIAGNOSTICS number = ROW_COUNT;
    RETURN number;
END
$$;

CREATE OR REPLACE FUNCTION crm.forget_orders(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT o.id FROM crm.orders o WHERE o.placed_at < p_before LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.orders o USING old WHERE o.id = old.id AND NOT p_dry)
    SELECT count(*) FROM old
$$;

-- Orders of people who are gone: no setting keeps them longer than their certificate says.
CREATE OR REPLACE FUNCTION crm.forget_kept_orders(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT o.id FROM crm.kept_orders o WHERE o.erased_at < p_before
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.kept_orders o USING old WHERE o.id = old.id AND NOT p_dry)
    SELECT count(*) FROM old
$$;

-- A case with its steps and its tasks, counted from the day it was closed.
CREATE OR REPLACE FUNCTION crm.forget_cases(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old uuid[];
BEGIN
    IF p_dry THEN
        RETURN (SELECT count(*) FROM crm.cases c WHERE c.closed_at < p_before);
    END IF;
    old := ARRAY(SELECT c.id FROM crm.cases c WHERE c.closed_at < p_before LIMIT p_limit FOR UPDATE SKIP LOCKED);
    DELETE FROM crm.tasks t WHERE t.case_id = ANY(old);
    DELETE FROM crm.case_events e WHERE e.case_id = ANY(old);
    DELETE FROM crm.cases c WHERE c.id = ANY(old);
    RETURN cardinality(old);
END
$$;

CREATE OR REPLACE FUNCTION crm.forget_tasks(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT t.id FROM crm.tasks t WHERE t.closed_at < p_before AND t.case_id IS NULL
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.tasks t USING old WHERE t.id = old.id AND NOT p_dry)
    SELECT count(*) FROM old
$$;

-- What files had wrong in them, and what of them nobody let in: whole rows about people. The import itself stays, it
-- says with what right.
CREATE OR REPLACE FUNCTION crm.forget_imports(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT r.id FROM crm.import_rejections r WHERE r.at < p_before
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.import_rejections r USING old WHERE r.id = old.id AND NOT p_dry),
    -- One that is being started at this moment is left alone.
    waiting AS (
        SELECT i.id FROM crm.imports i WHERE i.state IN ('new', 'checked') AND i.at < p_before
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END FOR UPDATE SKIP LOCKED),
    expired AS (UPDATE crm.imports i SET state = 'expired' FROM waiting WHERE i.id = waiting.id AND NOT p_dry),
    emptied AS (DELETE FROM crm.import_pieces p USING waiting WHERE p.import_id = waiting.id AND NOT p_dry)
    SELECT (SELECT count(*) FROM old)
         + (SELECT count(*) FROM crm.import_pieces p JOIN waiting ON p.import_id = waiting.id)
$$;

-- Contacts of whom nothing is left but that they were here once: made before p_before, nothing said since, nothing known.
CREATE OR REPLACE FUNCTION crm.traceless(p_before timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.id FROM crm.contacts c
     WHERE c.created_at < p_before AND c.updated_at < p_before AND c.root_id = c.id AND c.owner_id IS NULL
       AND NOT EXISTS (SELECT FROM crm.contacts m WHERE m.root_id = c.id AND m.id <> c.id)
       AND NOT EXISTS (SELECT FROM crm.identities i
                        WHERE i.contact_id = c.id AND (i.assurance = 'verified' OR i.created_at >= p_before))
       AND NOT EXISTS (SELECT FROM crm.identities i JOIN crm.interactions t ON t.identity_id = i.id
                        WHERE i.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.facts f WHERE f.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.external_keys k WHERE k.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.merges m WHERE c.id IN (m.source_id, m.target_id))
       AND NOT EXISTS (SELECT FROM crm.memberships m WHERE c.id IN (m.person_id, m.organisation_id))
       AND NOT EXISTS (SELECT FROM crm.organisations o WHERE o.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.orders o WHERE o.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.tags t WHERE t.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.tasks t WHERE t.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.cases s WHERE s.contact_id = c.id)
       AND NOT EXISTS (SELECT FROM crm.consent_events e WHERE e.subject = c.id)
       AND NOT EXISTS (SELECT FROM crm.privacy_requests r WHERE r.contact_id = c.id)
$$;

CREATE OR REPLACE FUNCTION crm.forget_visitors(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    chosen uuid[];
    busy uuid[];
BEGIN
    IF p_dry THEN
        RETURN (SELECT count(*) FROM crm.traceless(p_before));
    END IF;
    chosen := ARRAY(SELECT t FROM crm.traceless(p_before) t LIMIT p_limit);
    -- Whoever is writing at this moment holds their identity: leave them, and look again at those we hold.
    busy := ARRAY(SELECT i.contact_id FROM crm.identities i WHERE i.contact_id = ANY(chosen)
           EXCEPT ALL SELECT held.contact_id FROM (
               SELECT i.contact_id FROM crm.identities i WHERE i.contact_id = ANY(chosen)
                  FOR UPDATE SKIP LOCKED) held);
    chosen := ARRAY(SELECT t FROM crm.traceless(p_before) t WHERE t = ANY(chosen) AND t <> ALL(busy));
    PERFORM crm.erase_people(chosen, '{}');
    RETURN cardinality(chosen);
END
$$;

-- Files whose rows go in this transaction; whoever keeps them removes them after it.
CREATE OR REPLACE FUNCTION crm.doom_files(p_kind text, p_ids uuid[]) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO crm.doomed_files (id, kind) SELECT unnest(p_ids), p_kind ON CONFLICT DO NOTHING
$$;

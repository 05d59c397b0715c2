-- Retention of what notices promise a time of its own (PR5, PIPL 19): each is stated once, with all its history.
CREATE OR REPLACE FUNCTION crm.remove_facts(p_ids uuid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    free uuid[];
    number bigint;
BEGIN
    -- Who is being written about at this moment is left for the next night.
    free := ARRAY(SELECT r.id FROM crm.contacts r
                   WHERE r.id IN (SELECT c.root_id FROM crm.facts f JOIN crm.contacts c ON c.id = f.contact_id
                                   WHERE f.id = ANY(p_ids))
                   ORDER BY r.id FOR NO KEY UPDATE SKIP LOCKED);
    DELETE FROM crm.facts f USING crm.contacts c
     WHERE f.id = ANY(p_ids) AND c.id = f.contact_id AND c.root_id = ANY(free);
    GET DIAGNOSTICS number = ROW_COUNT;
    UPDATE crm.contacts c SET version = c.version + 1 WHERE c.id = ANY(free);
    INSERT INTO crm.changes (contact_id, kind, record_id) SELECT id, 'contact', id FROM unnest(free) id;
    RETURN number;
END
$$;

-- Sensitive fields, once no case and no task of the family is open, or was since p_before: the matter is done.
CREATE OR REPLACE FUNCTION crm.forget_sensitive(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old uuid[];
BEGIN
    old := ARRAY(
        SELECT f.id FROM crm.facts f JOIN crm.contacts c ON c.id = f.contact_id
         WHERE f.field = 'id_number' AND f.at < p_before
           AND NOT EXISTS (SELECT FROM crm.contacts m JOIN crm.cases s ON s.contact_id = m.id
                            WHERE m.root_id = c.root_id AND (s.closed_at IS NULL OR s.closed_at >= p_before))
           AND NOT EXISTS (SELECT FROM crm.contacts m JOIN crm.tasks t ON t.contact_id = m.id
                            WHERE m.root_id = c.root_id AND (t.closed_at IS NULL OR t.closed_at >= p_before))
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END);
    RETURN CASE WHEN p_dry THEN cardinality(old) ELSE crm.remove_facts(old) END;
END
$$;

-- What is known of wishes, once the family has neither said nor bought anything since p_before.
CREATE OR REPLACE FUNCTION crm.forget_preferences(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old uuid[];
BEGIN
    old := ARRAY(
        SELECT f.id FROM crm.facts f JOIN crm.contacts c ON c.id = f.contact_id
         WHERE f.field IN ('preferences', 'needs', 'birthday') AND f.at < p_before
           AND NOT EXISTS (SELECT FROM crm.contacts m JOIN crm.identities i ON i.contact_id = m.id
                             JOIN crm.interactions t ON t.identity_id = i.id
                            WHERE m.root_id = c.root_id AND t.occurred_at >= p_before)
           AND NOT EXISTS (SELECT FROM crm.contacts m JOIN crm.orders o ON o.contact_id = m.id
                            WHERE m.root_id = c.root_id AND o.placed_at >= p_before)
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END);
    RETURN CASE WHEN p_dry THEN cardinality(old) ELSE crm.remove_facts(old) END;
END
$$;

-- Tags that people gave. Those of the rules end with their reason: they are judged anew every night.
CREATE OR REPLACE FUNCTION crm.forget_tags(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT t.id, t.contact_id FROM crm.tags t WHERE t.at < p_before
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.tags t USING old WHERE t.id = old.id AND NOT p_dry RETURNING t.id, t.contact_id),
    told AS (INSERT INTO crm.changes (contact_id, kind, record_id) SELECT contact_id, 'tag', id FROM gone)
    SELECT count(*) FROM old
$$;

-- The history of tags; what says since when a rule's tag stands goes when the tag does.
CREATE OR REPLACE FUNCTION crm.forget_tag_history(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT h.number FROM crm.standing_changes h
         WHERE h.what = 'tag' AND h.at < p_before
           AND NOT EXISTS (SELECT FROM crm.standings s WHERE s.contact_id = h.contact_id AND h.to_value = ANY(s.tags))
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.standing_changes h USING old WHERE h.number = old.number AND NOT p_dry)
    SELECT count(*) FROM old
$$;

-- That a pseudonym and a living contact had a phone or an e-mail in common.
CREATE OR REPLACE FUNCTION crm.forget_shared_reach(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT r.erasure_id, r.contact_id FROM crm.shared_reach r WHERE r.at < p_before
         LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.shared_reach r USING old
              WHERE r.erasure_id = old.erasure_id AND r.contact_id = old.contact_id AND NOT p_dry)
    SELECT count(*) FROM old
$$;

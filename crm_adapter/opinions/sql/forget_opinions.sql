-- Opinions (PR5): what customers said of answers and of the service, and their answers to questionnaires.
CREATE OR REPLACE FUNCTION crm.forget_opinions(p_before timestamptz, p_limit integer, p_dry boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT o.id FROM crm.opinions o WHERE o.asked_at < p_before LIMIT CASE WHEN p_dry THEN NULL ELSE p_limit END),
    gone AS (DELETE FROM crm.opinions o USING old WHERE o.id = old.id AND NOT p_dry)
    SELECT count(*) FROM old
$$;

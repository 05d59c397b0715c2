-- For erasure and retention: removes what this room holds of these contacts, also the history that nobody else may
-- change. It waits for a batch of the nightly run, which would otherwise write the rows again.
CREATE OR REPLACE FUNCTION crm.forget_value(p_contacts uuid[])
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(508440638821);
    DELETE FROM crm.orders WHERE contact_id = ANY (p_contacts);
    DELETE FROM crm.figures WHERE contact_id = ANY (p_contacts);
    DELETE FROM crm.standings WHERE contact_id = ANY (p_contacts);
    DELETE FROM crm.standing_changes WHERE contact_id = ANY (p_contacts);
    DELETE FROM crm.tags WHERE contact_id = ANY (p_contacts);
    DELETE FROM crm.organisations WHERE contact_id = ANY (p_contacts);
    DELETE FROM crm.memberships WHERE organisation_id = ANY (p_contacts) OR person_id = ANY (p_contacts);
END
$$;

-- Whether anything can be sent to an identity, as segments and staff see it.
CREATE OR REPLACE FUNCTION crm.set_reachable(p_identity uuid, p_reachable boolean) RETURNS void
LANGUAGE sql VOLATILE AS $$
    UPDATE crm.identities i SET reachable = p_reachable WHERE i.id = p_identity AND i.reachable <> p_reachable
$$;

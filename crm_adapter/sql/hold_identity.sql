-- An identity as it is, with its data key, by which what is written of it is sealed; nobody merges or erases it before
-- this transaction has ended. No row for an identity that is gone.
CREATE OR REPLACE FUNCTION crm.hold_identity(
    p_identity uuid, OUT contact_id uuid, OUT key_id uuid, OUT kek text, OUT wrapped bytea, OUT sealed_external_id bytea
) RETURNS SETOF record LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    LOOP
        SELECT i.contact_id, k.id, k.kek, k.wrapped, i.sealed_external_id
          INTO hold_identity.contact_id, hold_identity.key_id, hold_identity.kek, hold_identity.wrapped,
               hold_identity.sealed_external_id
          FROM crm.identities i
          JOIN crm.contacts c ON c.id = i.contact_id
          LEFT JOIN vault.data_keys k ON k.id = i.key_id
         WHERE i.id = p_identity
           FOR KEY SHARE OF i, c;
        IF FOUND THEN
            RETURN NEXT;
            RETURN;
        END IF;
        -- Who waited for a merge has looked at the contact of before, and looks again.
        PERFORM FROM crm.identities i WHERE i.id = p_identity;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END LOOP;
END
$$;

-- Where an identity is reached, with its data key; no row for one that is gone.
CREATE OR REPLACE FUNCTION crm.address_of(
    p_identity uuid, OUT channel text, OUT account text, OUT assurance text, OUT locale text, OUT contact_id uuid,
    OUT sealed_external_id bytea, OUT key_id uuid, OUT kek text, OUT wrapped bytea
) RETURNS SETOF record LANGUAGE sql STABLE AS $$
    SELECT i.channel, i.account, i.assurance, c.locale, i.contact_id, i.sealed_external_id, k.id, k.kek, k.wrapped
      FROM crm.identities i
      JOIN crm.contacts c ON c.id = i.contact_id
      JOIN vault.data_keys k ON k.id = i.key_id
     WHERE i.id = p_identity
$$;

-- The identities of everybody who is one person with this contact.
CREATE OR REPLACE FUNCTION crm.identities_of_family(p_contact uuid) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(i.id), '{}')
      FROM crm.contacts one
      JOIN crm.contacts member ON member.root_id = one.root_id
      JOIN crm.identities i ON i.contact_id = member.id
     WHERE one.id = p_contact
$$;

-- A data key as it is stored; no row for one that is gone.
CREATE OR REPLACE FUNCTION crm.wrapped_key(p_key uuid, OUT key_id uuid, OUT kek text, OUT wrapped bytea)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
    SELECT k.id, k.kek, k.wrapped FROM vault.data_keys k WHERE k.id = p_key
$$;

-- Everybody who is one person with this contact.
CREATE OR REPLACE FUNCTION crm.family(p_contact uuid) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(member.id), '{}')
      FROM crm.contacts one JOIN crm.contacts member ON member.root_id = one.root_id
     WHERE one.id = p_contact
$$;

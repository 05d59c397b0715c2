-- Which table holds what of a person, and what an erasure does with it: erase it,
-- replace it by the word that the contact was erased, or keep it under the pseudonym.
-- names is the column that leads to the person, leads_to whose id stands in it (contacts: an array). In this order.
-- Functions, not a table: what may be deleted is the program's word, not that of a row somebody could change.
CREATE OR REPLACE FUNCTION crm.data_catalogue()
RETURNS TABLE (table_name text, names text, leads_to text, category text, treatment text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    VALUES
        ('crm.grams',             'record_id',   'record',   'search_index', 'erase'),
        ('crm.interactions',      'identity_id', 'identity', 'interactions', 'erase'),
        ('crm.facts',             'contact_id',  'contact',  'profile',      'erase'),
        ('crm.organisations',     'contact_id',  'contact',  'profile',      'erase'),
        ('crm.memberships',       'person_id',   'contact',  'profile',      'erase'),
        ('crm.memberships',       'organisation_id', 'contact', 'profile',   'erase'),
        ('crm.external_keys',     'contact_id',  'contact',  'identities',   'erase'),
        ('crm.merge_suggestions', 'one_id',      'contact',  'merges',       'erase'),
        ('crm.merge_suggestions', 'other_id',    'contact',  'merges',       'erase'),
        ('crm.merges',            'source_id',   'contact',  'merges',       'erase'),
        ('crm.merges',            'target_id',   'contact',  'merges',       'erase'),
        ('crm.figures',           'contact_id',  'contact',  'standing',     'erase'),
        ('crm.standings',         'contact_id',  'contact',  'standing',     'erase'),
        ('crm.standing_changes',  'contact_id',  'contact',  'standing',     'erase'),
        ('crm.import_origins',    'contact_id',  'contact',  'profile',      'erase'),
        ('crm.tags',              'contact_id',  'contact',  'standing',     'erase'),
        ('crm.tasks',             'contact_id',  'contact',  'tasks',        'erase'),
        ('crm.orders',            'contact_id',  'contact',  'orders',       'erase'),
        ('crm.opinions',          'contact_id',  'contact',  'opinions',     'erase'),
        ('crm.changes',           'contact_id',  'contact',  'change_feed',  'replace'),
        ('crm.shared_reach',      'contact_id',  'contact',  'merges',       'erase'),
        ('crm.identities',        'id',          'identity', 'identities',   'erase'),
        ('crm.contacts',          'id',          'contact',  'profile',      'erase'),
        ('crm.kept_orders',       'pseudonym',   'contact',  'orders',       'keep'),
        ('crm.consent_events',    'subject',     'contact',  'consents',     'keep'),
        ('crm.consents',          'subject',     'contact',  'consents',     'keep'),
        ('crm.cases',             'contact_id',  'contact',  'cases',        'keep'),
        ('crm.privacy_requests',  'contact_id',  'contact',  'requests',     'keep'),
        ('crm.erasures',          'contact_ids', 'contacts', 'requests',     'keep'),
        ('crm.access_log',        'contact_ids', 'contacts', 'access_log',   'keep'),
        ('crm.uses',              'contact_ids', 'contacts', 'access_log',   'keep'),
        ('crm.transfers',         'contact_id',  'contact',  'access_log',   'keep')
$$;

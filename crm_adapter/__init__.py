"""The CRM port and the SQL store behind it: contacts, identities, interactions."""

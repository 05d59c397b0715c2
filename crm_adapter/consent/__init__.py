"""Consent: configured purposes, versioned notices, the ledger of what was asked and answered, and what stands."""

"""Contacts from files, CSV or XLSX: checked first, then taken in by batches, each with a right to hold it (PR12)."""

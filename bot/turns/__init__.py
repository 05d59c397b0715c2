"""The one path of a message: receive, decide, record, commit; only then acknowledge and deliver."""

"""What a person may demand of their data: requests with deadlines, export, erasure with a certificate, retention."""

from crm_adapter.rights.store import SqlRights

__all__ = ["SqlRights"]

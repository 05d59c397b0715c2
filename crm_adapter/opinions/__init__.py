"""What customers think of an answer, of the service, of the company, and what they need (CP11, SV4, KP1, KP2)."""

from crm_adapter.opinions.store import SqlOpinions

__all__ = ["SqlOpinions"]

"""Complaints and everything else a customer brings as a case, and what staff owes a customer (CO1-CO6, SV4)."""

from crm_adapter.service.cases import SqlCases
from crm_adapter.service.tasks import SqlTasks


class SqlService(SqlCases, SqlTasks):
    """Cases and tasks, as :class:`crm_adapter.port.Service` says."""


__all__ = ["SqlService"]

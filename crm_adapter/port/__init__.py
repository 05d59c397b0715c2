"""The CRM port: everything the bot asks of a customer store, whichever store that is.

Every adapter passes ``tests/contract/crm``. What an adapter cannot do it leaves out of :meth:`Crm.capabilities`, and
the methods of that capability raise :class:`NotSupported`. Each call is one unit: all of it is stored, or nothing.
"""

from typing import Literal, Protocol

from crm_adapter.port.customers import Customers, Feed, Interactions
from crm_adapter.port.faults import (
    BadField,
    CrmFault,
    NotSupported,
    OpenRequests,
    Refused,
    UnknownRecord,
    VersionConflict,
)
from crm_adapter.port.rights import Consents, Requests, Rights
from crm_adapter.port.service import Opinions, Service, Values

__all__ = [
    "BadField",
    "Capability",
    "Consents",
    "Crm",
    "CrmFault",
    "Customers",
    "Feed",
    "Interactions",
    "NotSupported",
    "OpenRequests",
    "Opinions",
    "Refused",
    "Requests",
    "Rights",
    "Service",
    "UnknownRecord",
    "Values",
    "VersionConflict",
]

Capability = Literal[
    "contacts", "merge", "interactions", "cases", "tasks", "consent", "tags", "segments", "orders", "opinions",
    "erase", "export", "requests", "changes", "within"
]  # fmt: skip
"""``within``: the adapter can work inside the caller's transaction (only the SQL store can)."""


class Crm(Customers, Interactions, Service, Consents, Values, Opinions, Rights, Requests, Feed, Protocol):
    """The whole port."""

    def capabilities(self) -> frozenset[Capability]:
        """What this adapter can do."""
        ...

"""The store that ships: every room's SQL side as one object, which is the whole port."""

from crm_adapter.consent.sql_consents import SqlConsents
from crm_adapter.customers import SqlCustomers, SqlFeed, SqlInteractions
from crm_adapter.opinions import SqlOpinions
from crm_adapter.port import Capability
from crm_adapter.rights.store import SqlRights
from crm_adapter.service import SqlService
from crm_adapter.value.store import SqlValues

CAPABILITIES: frozenset[Capability] = frozenset(
    {
        "contacts",
        "merge",
        "interactions",
        "cases",
        "tasks",
        "consent",
        "tags",
        "segments",
        "orders",
        "opinions",
        "erase",
        "export",
        "requests",
        "changes",
        "within",
    }
)


class SqlStore(
    SqlCustomers,
    SqlInteractions,
    SqlService,
    SqlConsents,
    SqlValues,
    SqlOpinions,
    SqlRights,
    SqlFeed,
):
    """:class:`~crm_adapter.port.Crm` over PostgreSQL; ``within(connection)`` works inside the caller's transaction."""

    def capabilities(self) -> frozenset[Capability]:
        """What this store can do."""
        return CAPABILITIES

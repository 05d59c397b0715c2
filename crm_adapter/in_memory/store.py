"""The in-memory store's rooms as one object."""

from typing import NoReturn, get_args

from crm_adapter.in_memory.consent import InMemoryConsents
from crm_adapter.in_memory.customers import InMemoryCustomers
from crm_adapter.in_memory.interactions import InMemoryInteractions
from crm_adapter.in_memory.opinions import InMemoryOpinions
from crm_adapter.in_memory.requests import InMemoryRequests
from crm_adapter.in_memory.segments import InMemorySegments
from crm_adapter.in_memory.service import InMemoryService
from crm_adapter.in_memory.state import Clock, State, ticking_clock
from crm_adapter.in_memory.values import InMemoryValues
from crm_adapter.policy import Policy
from crm_adapter.port import Capability, NotSupported

CAPABILITIES: frozenset[Capability] = frozenset(get_args(Capability)) - {"within"}


class InMemoryStore(
    InMemoryCustomers,
    InMemoryInteractions,
    InMemoryService,
    InMemoryConsents,
    InMemoryValues,
    InMemorySegments,
    InMemoryOpinions,
    InMemoryRequests,
):
    """See :class:`crm_adapter.port.Crm`; without ``clock`` time begins in 2026 and ticks by the call."""

    def __init__(self, policy: Policy | None = None, clock: Clock | None = None) -> None:
        super().__init__(State(policy or Policy(), clock or ticking_clock()))

    def capabilities(self) -> frozenset[Capability]:
        """All but ``within``: there is no transaction to work in."""
        return CAPABILITIES

    def within(self, connection: object) -> NoReturn:
        """Raises :class:`NotSupported`."""
        raise NotSupported("within")

"""Every adapter of the CRM port, each empty at the start of a test, and what the tests say again and again."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from uuid import UUID, uuid4

import pytest

from crm_adapter.in_memory import InMemoryStore
from crm_adapter.policy import Policy
from crm_adapter.port import Crm
from crm_adapter.records.customers import Assurance, Created, ExternalKey, Provenance
from crm_adapter.sql_store import SqlStore

STAFF = f"staff:{uuid4()}"
POLICY = Policy(child_below_years=16, first_opinion_h=24, final_result_days={"default": 10, "refund": 3})
Newcomer = Callable[..., Awaitable[UUID]]


def now() -> datetime:
    return datetime.now(UTC)


def said(assurance: Assurance = "claimed", source: str = "web", set_by: str = "customer") -> Provenance:
    """A provenance of this moment."""
    return Provenance(source, set_by, now(), assurance)


@pytest.fixture(params=["sql", "in_memory"])
def crm(request: pytest.FixtureRequest) -> Crm:
    """One adapter after the other; SQL with a database of its own."""
    if request.param == "in_memory":
        return InMemoryStore(POLICY, now)
    return SqlStore(request.getfixturevalue("engine"), request.getfixturevalue("keys"), POLICY)


@pytest.fixture
def newcomer(crm: Crm) -> Newcomer:
    """Makes a contact with these fields; its id."""
    numbers = count()

    async def make(assurance: Assurance = "claimed", **fields: str) -> UUID:
        made = await crm.upsert_contact(ExternalKey("shop", f"new-{next(numbers)}"), fields, said(assurance))
        assert isinstance(made, Created), made
        return made.contact_id

    return make

"""The in-memory store gives the same on every run: what a test of a flow writes down stays true."""

from datetime import UTC, datetime

from crm_adapter.in_memory import InMemoryStore
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.records.service import NewCase

AT = datetime(2026, 11, 22, tzinfo=UTC)
BY = "system:test"


async def story(store: InMemoryStore):
    """A contact, a case with one step, a merge; all that can be read of them."""
    one = await store.upsert_contact(ExternalKey("shop", "1"), {"name": "Li Lei"}, Provenance("web", "customer", AT))
    other = await store.upsert_contact(ExternalKey("shop", "2"), {}, Provenance("web", "customer", AT))
    case = await store.open_case("k", NewCase(one.contact_id, "enquiry", "product", "how long?", AT, BY))
    await store.transition_case(case.id, "answered", BY, "two years")
    await store.merge(other.contact_id, one.contact_id, BY, "the same person")
    return (
        await store.contact(other.contact_id),
        await store.case(case.id),
        await store.merges(one.contact_id),
        await store.changes_since(None),
    )


async def test_two_runs_give_the_same_ids_times_and_numbers():
    first, second = await story(InMemoryStore()), await story(InMemoryStore())
    assert first == second
    assert first[0].created_at.year == 2026


async def test_ids_grow_as_they_are_made():
    store = InMemoryStore()
    made = [await store.upsert_contact(ExternalKey("shop", f"{n}"), {}, Provenance("web", BY, AT)) for n in range(300)]
    ids = [one.contact_id for one in made]
    assert ids == sorted(ids)
    assert {one.version for one in ids} == {7}


async def test_stores_share_nothing():
    full, empty = InMemoryStore(), InMemoryStore()
    await story(full)
    assert (await empty.changes_since(None)).changes == ()
    assert await empty.segment_members({"field": "kind", "is": "person"}) == []

"""Merging contacts and taking it back, in any order and under contention."""

import asyncio
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from crm_adapter.identify import IDENTIFY, Sender, identify_arguments, known
from crm_adapter.policy import Policy
from crm_adapter.port import BadField, Refused, UnknownRecord
from crm_adapter.records.customers import ExternalKey, Linked, Merged, NewInteraction, Noted, Provenance, Suggested
from crm_adapter.sql_store import SqlStore

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
SAID = Provenance("web", "customer", AT)
BY = "staff:7"


@pytest_asyncio.fixture
async def crm(engine, keys):
    return SqlStore(engine, keys, Policy())


async def made(crm, count, fields=lambda n: {}):
    """So many contacts, each with two accounts."""
    found = []
    for n in range(count):
        contact_id = (await crm.upsert_contact(ExternalKey("shop", str(n)), fields(n), SAID)).contact_id
        for account in ("one", "two"):
            await crm.link_identity(contact_id, "wechat", account, f"open-{n}", "anonymous", SAID)
        found.append(contact_id)
    return found


async def layout(engine):
    """Which root every contact and which contact every identity has."""
    async with engine.connect() as connection:
        families = await connection.execute(text("SELECT id, root_id FROM crm.contacts"))
        identities = await connection.execute(text("SELECT id, contact_id FROM crm.identities"))
        return {row[0]: row[1] for row in families}, {row[0]: row[1] for row in identities}


async def test_a_merged_family_reads_as_one(crm):
    a, b = await made(crm, 2, lambda n: {"name": ("王芳", "王小芳")[n], **({"occupation": "教师"} if n else {})})
    await crm.merge(b, a, BY, "same person")
    for asked in (a, b):
        contact = await crm.contact(asked)
        assert (contact.id, contact.merged, len(contact.identities)) == (a, (b,), 4)
        assert {field: fact.value for field, fact in contact.facts.items()} == {"name": "王芳", "occupation": "教师"}
    await crm.set_fields(b, {"occupation": None}, SAID)
    assert (await crm.contact(a)).facts.keys() == {"name"}
    assert len(await crm.history(b)) == 4
    assert await crm.find_by_identity("wechat", "one", "open-1") == a
    assert await crm.upsert_contact(ExternalKey("shop", "1"), {}, SAID)
    with pytest.raises(Refused, match="same_contact"):
        await crm.merge(a, b, BY, "again")


async def test_a_merge_is_taken_back_once_and_kept_in_mind(crm, engine):
    before = await made(crm, 2) and await layout(engine)
    a, b = sorted(before[0])
    merge_id = await crm.merge(b, a, BY, "same person")
    (past,) = await crm.merges(b)
    assert (past.id, past.source_id, past.target_id, past.by, past.undone_at) == (merge_id, b, a, BY, None)
    await crm.unmerge(merge_id, "staff:8")
    assert await layout(engine) == before
    assert (await crm.merges(a))[0].undone_by == "staff:8"
    with pytest.raises(Refused, match="already_undone"):
        await crm.unmerge(merge_id, BY)
    with pytest.raises(UnknownRecord):
        await crm.unmerge(uuid4(), BY)


async def test_what_came_after_the_merge_stays_where_it_came(crm):
    a, b = await made(crm, 2)
    merge_id = await crm.merge(b, a, BY, "same person")
    await crm.link_identity(b, "telegram", "bot", "7", "verified", SAID)
    await crm.unmerge(merge_id, BY)
    assert {one.channel for one in (await crm.contact(a)).identities} == {"wechat", "telegram"}
    assert {one.channel for one in (await crm.contact(b)).identities} == {"wechat"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_chain_is_taken_back_in_any_order(crm, engine, order):
    before = await made(crm, 3) and await layout(engine)
    a, b, c = sorted(before[0])
    edges = [await crm.merge(a, b, BY, "1"), await crm.merge(b, c, BY, "2")]
    assert set((await layout(engine))[0].values()) == {c}
    await crm.unmerge(edges[order[0]], BY)
    families, _ = await layout(engine)
    assert families == ({a: a, b: c, c: c} if order == (0, 1) else {a: b, b: b, c: c})
    await crm.unmerge(edges[order[1]], BY)
    assert await layout(engine) == before


@pytest.mark.parametrize("seed", range(6))
async def test_any_sequence_of_merges_and_undos_is_the_forest_that_is_left(crm, engine, seed):
    random = Random(seed)
    contacts = await made(crm, 6)
    _, homes = await layout(engine)
    edges: dict = {}

    def root(contact):
        parents = dict(edges.values())
        while contact in parents:
            contact = parents[contact]
        return contact

    for _ in range(25):
        if edges and random.random() < 0.45:
            merge_id = random.choice(list(edges))
            await crm.unmerge(merge_id, BY)
            del edges[merge_id]
        else:
            source, target = random.sample(contacts, 2)
            roots = root(source), root(target)
            if roots[0] == roots[1]:
                with pytest.raises(Refused):
                    await crm.merge(source, target, BY, "random")
            else:
                edges[await crm.merge(source, target, BY, "random")] = roots
        families, identities = await layout(engine)
        assert families == {contact: root(contact) for contact in contacts}
        assert identities == {one: root(home) for one, home in homes.items()}
    for merge_id in random.sample(list(edges), len(edges)):
        await crm.unmerge(merge_id, BY)
    assert await layout(engine) == ({contact: contact for contact in contacts}, homes)


async def test_a_ring_merged_all_at_once_becomes_one_family_without_a_deadlock(crm, engine):
    contacts = await made(crm, 10)
    ring = zip(contacts, contacts[1:] + contacts[:1], strict=True)
    async with asyncio.timeout(30):
        results = await asyncio.gather(*(crm.merge(a, b, BY, "ring") for a, b in ring), return_exceptions=True)
    assert [str(one) for one in results if isinstance(one, BaseException)] == ["same_contact"]
    families, identities = await layout(engine)
    assert len(set(families.values())) == len(set(identities.values())) == 1
    undo = [crm.unmerge(one, BY) for one in results if not isinstance(one, BaseException)]
    async with asyncio.timeout(30):
        await asyncio.gather(*undo)
    assert all(root == contact for contact, root in (await layout(engine))[0].items())


async def test_profiles_change_while_contacts_merge(crm):
    contacts = await made(crm, 6)
    merges = [crm.merge(one, contacts[0], BY, "many") for one in contacts[1:]]
    changes = [crm.set_fields(one, {"phone": "13800138000"}, SAID) for one in contacts]
    async with asyncio.timeout(30):
        results = await asyncio.gather(*merges, *changes, return_exceptions=True)
    assert [one for one in results if isinstance(one, BaseException)] == []
    assert (await crm.contact(contacts[3])).facts["phone"].value == "+8613800138000"


async def test_only_proven_on_both_sides_merges_by_itself(crm):
    a, b, c = await made(crm, 3)
    assert await crm.link_identity(a, "phone", "", "13800138000", "claimed", SAID) == Noted("phone")
    assert await crm.find_by_identity("phone", "", "13800138000") is None
    linked = await crm.link_identity(a, "phone", "", "13800138000", "verified", SAID)
    assert isinstance(linked, Linked)
    assert linked.new
    assert (await crm.contact(a)).facts["phone"].assurance == "verified"
    assert await crm.link_identity(a, "phone", "", "+86 13800138000", "claimed", SAID) == Linked(
        linked.identity_id, new=False
    )
    assert (await crm.contact(a)).facts["phone"].assurance == "verified"
    asked = await crm.link_identity(b, "phone", "", "13800138000", "claimed", SAID)
    assert isinstance(asked, Suggested)
    assert asked.other_id == a
    assert (await crm.contact(b)).facts["phone"].assurance == "claimed"
    merged = await crm.link_identity(c, "phone", "", "13800138000", "verified", SAID)
    assert isinstance(merged, Merged)
    assert (merged.contact_id, (await crm.contact(c)).merged) == (a, (c,))
    await crm.unmerge(merged.merge_id, BY)
    again = await crm.link_identity(c, "phone", "", "13800138000", "verified", SAID)
    assert isinstance(again, Suggested), "who took the merge back has said that they are two"
    with pytest.raises(BadField):
        await crm.link_identity(c, "email", "", "no address", "verified", SAID)


async def test_an_account_grows_surer_and_never_less_sure(crm):
    a, b = await made(crm, 2)
    linked = await crm.link_identity(a, "wechat", "one", "open-0", "verified", SAID)
    assert not linked.new
    await crm.link_identity(a, "wechat", "one", "open-0", "claimed", SAID)
    assert (await crm.contact(a)).identities[0].assurance == "verified"
    assert isinstance(await crm.link_identity(b, "wechat", "one", "open-0", "claimed", SAID), Suggested)
    (asked,) = await crm.merge_suggestions()
    assert asked.reason == "same_account"


async def test_of_many_who_link_one_account_one_has_it(crm):
    contacts = await made(crm, 8)
    async with asyncio.timeout(30):
        results = await asyncio.gather(
            *(crm.link_identity(one, "email", "", "x@example.com", "verified", SAID) for one in contacts)
        )
    assert sum(isinstance(one, Linked) for one in results) == 1
    assert sum(isinstance(one, Merged) for one in results) == 7
    assert len((await crm.contact(contacts[0])).merged) == 7


async def test_staff_decides_a_suggestion_once(crm):
    a, b, c = await made(crm, 3, lambda n: {"phone": "13800138000"})
    pairs = {(one.one_id, one.other_id): one.id for one in await crm.merge_suggestions()}
    assert pairs.keys() == {(a, b), (a, c), (b, c)}
    await crm.decide_suggestion(pairs[a, b], "merged", BY)
    await crm.decide_suggestion(pairs[a, c], "different", BY)
    for again in (pairs[a, b], pairs[a, c]):
        with pytest.raises(Refused, match="already_decided"):
            await crm.decide_suggestion(again, "merged", BY)
    assert (await crm.contact(b)).id == a
    assert (await crm.contact(c)).id == c
    assert [one.id for one in await crm.merge_suggestions(contact_id=a)] == [pairs[b, c]]
    with pytest.raises(UnknownRecord):
        await crm.decide_suggestion(uuid4(), "merged", BY)


async def test_a_phone_that_was_given_up_proves_nothing(crm):
    a, b, c = await made(crm, 3)
    await crm.link_identity(a, "phone", "", "13800138000", "verified", SAID)
    await crm.link_identity(a, "phone", "", "13900139000", "verified", SAID)
    phones = {one.external_id: one.assurance for one in (await crm.contact(a)).identities if one.channel == "phone"}
    assert phones == {"+8613800138000": "claimed", "+8613900139000": "verified"}
    new_owner = await crm.link_identity(b, "phone", "", "13800138000", "verified", SAID)
    assert isinstance(new_owner, Suggested)
    await crm.set_fields(a, {"phone": None}, SAID)
    assert isinstance(await crm.link_identity(c, "phone", "", "13900139000", "verified", SAID), Suggested)


async def test_a_suggestion_about_two_who_are_one_by_now_is_not_shown(crm):
    a, b = await made(crm, 2, lambda n: {"phone": "13800138000"})
    (asked,) = await crm.merge_suggestions()
    await crm.merge(b, a, BY, "known at the counter")
    assert await crm.merge_suggestions() == []
    await crm.decide_suggestion(asked.id, "merged", BY)
    assert len(await crm.merges(a)) == 1


async def arrive(connection, keys, account, external_id):
    sender = Sender("wechat", account, external_id, "anonymous", "zh-Hans")
    cursor = await connection.execute(IDENTIFY, identify_arguments(keys, sender))
    return known(keys, await cursor.fetchone())


async def test_a_merge_waits_for_a_turn_and_a_turn_for_a_merge(crm, engine, keys, pool):
    a, b = await made(crm, 2)
    async with asyncio.timeout(30), pool.connection() as turn:
        async with turn.transaction():
            before = await arrive(turn, keys, "one", "open-1")
            assert before.contact_id == b
            merging = asyncio.create_task(crm.merge(b, a, BY, "same"))
            await asyncio.sleep(0.3)
            assert not merging.done(), "the turn has the contact until it commits"
        merge_id = await merging
        assert (await arrive(turn, keys, "one", "open-1")).contact_id == a
        async with engine.begin() as parting:
            await crm.within(parting).unmerge(merge_id, BY)
            arriving = asyncio.create_task(arrive(turn, keys, "one", "open-1"))
            await asyncio.sleep(0.3)
            assert not arriving.done(), "and the merge has it until it commits"
        after = await arriving
        assert (after.contact_id, after.identity_id, after.key.id) == (b, before.identity_id, before.key.id)


async def test_everything_at_once_ends_in_a_forest(crm, engine):
    """Whoever links, changes, logs, merges and parts the same few customers at once meets no deadlock."""
    random = Random(7)
    contacts = await made(crm, 5)
    _, homes = await layout(engine)
    phones = [f"138001380{n:02}" for n in range(3)]

    async def one_of_many(n):
        some, other, phone = random.choice(contacts), random.choice(contacts), random.choice(phones)
        match n % 5:
            case 0:
                await crm.set_fields(some, {"phone": phone, "name": f"王{n}"}, SAID)
            case 1:
                await crm.link_identity(some, "phone", "", phone, random.choice(("claimed", "verified")), SAID)
            case 2:
                call = NewInteraction(some, "phone", "staff", "in", AT, f"call {n}")
                await crm.append_interaction(f"call-{n}", call)
            case 3:
                await crm.merge(some, other, BY, "at once")
            case _:
                for past in await crm.merges(some):
                    await crm.unmerge(past.id, BY)

    async with asyncio.timeout(60):
        results = await asyncio.gather(*(one_of_many(n) for n in range(150)), return_exceptions=True)
    faults = [one for one in results if isinstance(one, BaseException)]
    assert {str(one) for one in faults} <= {"same_contact", "already_undone"}
    for contact in contacts:
        for past in await crm.merges(contact):
            if past.undone_at is None:
                await crm.unmerge(past.id, BY)
    families, identities = await layout(engine)
    assert families == {contact: contact for contact in contacts}
    assert {one: identities[one] for one in homes} == homes

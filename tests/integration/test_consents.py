"""Consents in PostgreSQL: recorded once, withdrawn at once, never widened by a merge, equal to the ledger."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from uuid_utils.compat import uuid7

from crm_adapter.consent.tables import consents
from crm_adapter.customers.merging import merge, unmerge
from crm_adapter.port import UnknownRecord
from crm_adapter.records.consent import ConsentRefused, Guardian
from crm_adapter.rights.effects import restrict
from crm_adapter.tables import changes, contacts
from tests.integration.consent_store import as_superuser, choice, consents_of, new_contact
from tests.unit.test_consent_purposes import shipped

CHILD, ADULT = "2016-05-01", "1990-05-01"
PARENT = Guardian("韩妈妈", "mother", "code sent to 138…")


@pytest.fixture
def store(engine, keys):
    return consents_of(engine, keys)


async def table(engine):
    async with engine.connect() as connection:
        return sorted(tuple(map(str, row)) for row in await connection.execute(select(consents)))


async def test_a_choice_is_recorded_with_everything_that_proves_it(store, engine, keys):
    contact, identity = await new_contact(engine, keys), uuid7()
    event = choice(contact, identity_id=identity, channel="web")
    receipt = await store.record_consent(event)
    assert (receipt.event, receipt.purpose, receipt.channel) == ("granted", "care_messages", "web")
    (entry,) = await store.consent_history(contact)
    notice = store.notices.find("care_messages")
    assert (entry.receipt, entry.event_id) == (receipt.number, receipt.event_id)
    assert (entry.prompt, entry.reply) == (event.prompt, event.reply)
    assert (entry.prompt_message_id, entry.reply_message_id) == ("m-1", "m-2")
    assert (entry.notice_hash, entry.notice_version, entry.notice_locale) == (notice.hash, 1, "zh-Hans")
    assert (entry.controller, entry.jurisdiction, entry.retention) == ("Nuanju", "CN", "P1Y")
    assert entry.data_categories == ("account", "contact_details", "orders", "preferences")
    assert (entry.told_on, entry.assurance, entry.method, entry.actor) == ("web", "claimed", "chat", "customer")
    assert entry.occurred_at == event.occurred_at <= entry.received_at
    (stands,) = await store.consents(contact)
    assert (stands.state, stands.channel, stands.current_notice) == ("granted", "web", True)
    assert await store.may_use(contact, "care_messages", "web")
    assert not await store.may_use(contact, "care_messages", "wechat")
    async with engine.connect() as connection:
        kept = (await connection.execute(text("SELECT hash, version, content FROM crm.notices"))).one()
        assert (kept.hash, kept.version, kept.content) == (notice.hash, 1, notice.content)
        change = (await connection.execute(select(changes).where(changes.c.kind == "consent"))).one()
        assert (change.contact_id, change.record_id) == (contact, receipt.event_id)
        whole = str((await connection.execute(text("SELECT e FROM crm.consent_events e"))).all())
    assert "韩梅梅" not in whole
    assert "关怀" not in whole


async def test_the_same_event_again_gives_the_same_receipt(store, engine, keys):
    contact = await new_contact(engine, keys)
    event = choice(contact, idempotency_key="shop:m1")
    first, *others = await asyncio.gather(*(store.record_consent(event) for _ in range(5)))
    assert others == [first] * 4
    assert await store.record_consent(event) == first
    assert len(await store.consent_history(contact)) == 1


async def test_a_key_used_before_lets_no_other_choice_get_lost(store, engine, keys):
    contact, other = await new_contact(engine, keys), await new_contact(engine, keys)
    await store.record_consent(choice(contact, idempotency_key="shop:m1"))
    for wrong in (choice(contact, "withdrawn"), choice(contact, channel="web"), choice(other)):
        with pytest.raises(ConsentRefused) as refused:
            await store.record_consent(replace(wrong, idempotency_key="shop:m1"))
        assert refused.value.code == "key_reused"


async def test_a_withdrawal_counts_although_the_clock_was_set_back(store, engine, keys, addresses):
    contact = await new_contact(engine, keys)
    await store.record_consent(choice(contact))
    as_superuser(
        addresses.owner_url,
        "UPDATE crm.consent_events SET occurred_at = occurred_at + interval '1h', received_at = received_at + '1h'",
        "UPDATE crm.consents SET since = since + interval '1h'",
    )
    await store.record_consent(choice(contact, "withdrawn"))
    assert not await store.may_use(contact, "care_messages", "web")
    assert await store.rebuild_consents() == 0


async def test_an_unknown_contact_leaves_nothing(store, engine):
    with pytest.raises(UnknownRecord):
        await store.record_consent(choice(uuid7()))
    with pytest.raises(UnknownRecord):
        await store.may_use(uuid7(), "care_messages", "web")


@pytest.mark.parametrize(
    ("code", "birthday", "values"),
    [
        ("unknown_purpose", None, {"purpose": "world_domination"}),
        ("unknown_purpose", None, {"purpose": "world_domination", "event": "withdrawn"}),
        ("no_consent_needed", None, {"purpose": "service"}),
        ("no_consent_needed", None, {"purpose": "service", "event": "withdrawn"}),
        ("recipient_needed", None, {"purpose": "sharing"}),
        ("unknown_recipient", None, {"purpose": "sharing", "recipient": "mafia"}),
        ("unknown_recipient", None, {"recipient": "installer"}),
        ("notice_missing", None, {"prompt": " "}),
        ("notice_missing", None, {"notice_hash": "00" * 32}),
        ("guardian_needed", None, {"event": "guardian_granted"}),
        ("guardian_needed", CHILD, {"purpose": "sensitive_data"}),
        ("minor_no_marketing", CHILD, {}),
        ("minor_no_marketing", CHILD, {"event": "guardian_granted", "guardian": PARENT}),
        ("minor_no_marketing", CHILD, {"purpose": "personalised_recommendations", "guardian": PARENT}),
    ],
)
async def test_what_cannot_be_taken_says_why_and_leaves_nothing(store, engine, keys, code, birthday, values):
    contact = await new_contact(engine, keys, birthday=birthday)
    with pytest.raises(ConsentRefused) as refused:
        await store.record_consent(choice(contact, **values))
    assert refused.value.code == code
    assert await store.consent_history(contact) == []
    assert await table(engine) == []


async def test_a_child_consents_through_a_guardian_and_may_always_refuse(store, engine, keys):
    child = await new_contact(engine, keys, birthday=CHILD)
    await store.record_consent(choice(child, "refused"))
    event = choice(child, "guardian_granted", "sensitive_data", guardian=PARENT)
    await store.record_consent(event)
    assert await store.may_use(child, "sensitive_data", "web")
    entry = (await store.consent_history(child))[0]
    assert (entry.guardian, entry.by_guardian) == (PARENT, True)


async def test_who_turns_out_to_be_a_child_is_protected_at_once(store, engine, keys):
    """SL7: consents given before the birthday was known do not count."""
    contact, known = await new_contact(engine, keys), await new_contact(engine, keys, birthday=CHILD)
    for purpose in ("care_messages", "sensitive_data"):
        await store.record_consent(choice(contact, purpose=purpose))
        assert await store.may_use(contact, purpose, "web")
    async with engine.begin() as connection:
        await merge(connection, known, contact, "system:test", "same person")
    for purpose in ("care_messages", "sensitive_data"):
        assert not await store.may_use(contact, purpose, "web")
    assert await store.may_use(contact, "service", "web")


async def test_each_purpose_and_each_recipient_is_asked_by_itself(store, engine, keys):
    contact = await new_contact(engine, keys, birthday=ADULT)
    await store.record_consent(choice(contact, purpose="sharing", recipient="installer"))
    assert await store.may_use(contact, "sharing", "web", recipient="installer")
    assert not await store.may_use(contact, "sharing", "web")
    assert not await store.may_use(contact, "sharing", "web", recipient="courier")
    for purpose in ("care_messages", "personalised_recommendations", "sensitive_data", "nothing_known"):
        assert not await store.may_use(contact, purpose, "web")
    assert await store.may_use(contact, "service", "web")


async def test_a_restricted_or_quarantined_contact_is_used_for_nothing(store, engine, keys):
    contact = await new_contact(engine, keys)
    await store.record_consent(choice(contact))
    for values in ({"quarantined": True}, {"quarantined": False, "restricted_at": datetime.now(UTC)}):
        async with engine.begin() as connection:
            await connection.execute(update(contacts).where(contacts.c.id == contact).values(**values))
        assert not await store.may_use(contact, "care_messages", "web")
        assert not await store.may_use(contact, "service", "web")


async def test_a_changed_notice_asks_again(engine, keys, tmp_path: Path):
    """PIPL 14: until then the purpose is not allowed; the refusal of before stays one."""
    old, contact = consents_of(engine, keys), await new_contact(engine, keys)
    await old.record_consent(choice(contact))
    content = shipped()
    content["purposes"]["care_messages"]["categories"].append("behaviour")
    del content["purposes"]["sharing"]
    (tmp_path / "p.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    new = consents_of(engine, keys, purposes_file=tmp_path / "p.yml")
    (stands,) = await new.consents(contact)
    assert (stands.state, stands.current_notice, stands.notice_version) == ("granted", False, 1)
    assert not await new.may_use(contact, "care_messages", "web")
    told = old.notices.find("care_messages").hash
    assert (await new.record_consent(choice(contact, notice_hash=told))).notice_version == 1
    assert not await new.may_use(contact, "care_messages", "web"), "an answer to the older question"
    assert (await new.record_consent(choice(contact))).notice_version == 2
    assert await new.may_use(contact, "care_messages", "web")
    assert (await old.keep_notices())["care_messages", ""] == 1


async def test_what_is_no_longer_done_can_still_be_withdrawn(engine, keys, tmp_path: Path):
    old, contact = consents_of(engine, keys), await new_contact(engine, keys)
    await old.record_consent(choice(contact, purpose="sharing", recipient="installer"))
    content = shipped()
    del content["purposes"]["sharing"]
    (tmp_path / "p.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    new = consents_of(engine, keys, purposes_file=tmp_path / "p.yml")
    await new.record_consent(choice(contact, "withdrawn", "sharing", recipient="installer"))
    assert (await old.consents(contact))[0].state == "withdrawn"


async def test_a_grant_from_before_a_withdrawal_that_arrives_late_does_not_count(store, engine, keys):
    contact, hour_ago = await new_contact(engine, keys), datetime.now(UTC) - timedelta(hours=1)
    await store.record_consent(choice(contact, "withdrawn"))
    await store.record_consent(choice(contact, occurred_at=hour_ago, method="paper"))
    assert (await store.consents(contact))[0].state == "withdrawn"
    await store.record_consent(choice(contact))
    assert await store.may_use(contact, "care_messages", "web")


async def merged(engine, source, target):
    async with engine.begin() as connection:
        return await merge(connection, source, target, "system:test", "same person")


async def parted(engine, merge_id):
    async with engine.begin() as connection:
        await unmerge(connection, merge_id, "system:test")


async def test_a_merge_never_widens_and_neither_does_taking_it_back(store, engine, keys):
    one, other = await new_contact(engine, keys), await new_contact(engine, keys)
    await store.record_consent(choice(one, "withdrawn"))
    await store.record_consent(choice(other))
    merge_id = await merged(engine, one, other)
    assert not await store.may_use(other, "care_messages", "web")
    assert [entry.event for entry in await store.consent_history(one)] == ["granted", "withdrawn"]
    await store.record_consent(choice(other))
    assert await store.may_use(one, "care_messages", "web"), "asked as one person, and agreed"
    await parted(engine, merge_id)
    assert not await store.may_use(one, "care_messages", "web"), "it was the other's word"
    assert await store.may_use(other, "care_messages", "web")
    merge_id = await merged(engine, one, other)
    await store.record_consent(choice(other, "withdrawn"))
    await parted(engine, merge_id)
    for contact in (one, other):
        assert not await store.may_use(contact, "care_messages", "web")


OUTBOX = """
INSERT INTO crm.identities (id, contact_id, key_id, channel, account, blind, sealed_external_id, assurance)
     VALUES (%(identity)s, %(contact)s, %(contact)s, %(channel)s, 'shop', %(id)s::text::bytea, 'x', 'claimed');
INSERT INTO bot.conversations (id, identity_id, channel, account, locale, last_seq)
     VALUES (%(id)s, %(identity)s, %(channel)s, 'shop', 'en', 1);
INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, client_msg_id, at)
     VALUES (%(id)s, %(id)s, 1, 'out', 'bot', 'x', %(id)s::text, now());
INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, purpose, state)
     VALUES (%(id)s, %(id)s, 1, 'shop', repeat('ab', 16), %(purpose)s, %(state)s)
"""


def queue(addresses, contact, purpose="care_messages", channel="web", state="queued"):
    message = uuid7()
    values = {"id": message, "identity": uuid7(), "contact": contact, "channel": channel}
    with psycopg.connect(addresses.owner_url) as connection:
        for statement in OUTBOX.split(";"):
            connection.execute(statement.encode(), {**values, "purpose": purpose, "state": state})
    return message


def outbox(addresses):
    with psycopg.connect(addresses.owner_url) as connection:
        rows = connection.execute("SELECT message_id, state, reason FROM bot.outbox").fetchall()
    return {message: (state, reason) for message, state, reason in rows}


async def test_a_withdrawal_cancels_what_is_queued_for_that_purpose(store, engine, keys, addresses):
    member, root, stranger = [await new_contact(engine, keys) for _ in range(3)]
    await merged(engine, member, root)
    cancelled = [queue(addresses, root), queue(addresses, root, channel="wechat")]
    kept = [
        queue(addresses, root, "service"),
        queue(addresses, root, "personalised_recommendations"),
        queue(addresses, root, state="begun"),
        queue(addresses, stranger),
    ]
    before = outbox(addresses)
    await store.record_consent(choice(member))
    assert outbox(addresses) == before
    async with engine.connect() as connection:
        await store.within(connection).record_consent(choice(member, "withdrawn"))
        await connection.rollback()
    assert outbox(addresses) == before, "in the same transaction, or not at all"
    await store.record_consent(choice(member, "withdrawn"))
    after = outbox(addresses)
    assert {after[one] for one in cancelled} == {("failed", "consent_withdrawn")}
    assert {one: after[one] for one in kept} == {one: before[one] for one in kept}


async def test_a_withdrawal_for_one_channel_leaves_the_others(store, engine, keys, addresses):
    contact = await new_contact(engine, keys)
    web, wechat = queue(addresses, contact), queue(addresses, contact, channel="wechat")
    await store.record_consent(choice(contact, "refused", channel="wechat"))
    assert outbox(addresses)[web] == ("queued", None)
    assert outbox(addresses)[wechat] == ("failed", "consent_withdrawn")


async def test_a_merge_cancels_what_the_other_had_refused(store, engine, keys, addresses):
    willing, unwilling = await new_contact(engine, keys), await new_contact(engine, keys)
    await store.record_consent(choice(willing))
    await store.record_consent(choice(unwilling, "withdrawn", channel="web"))
    cancelled = queue(addresses, willing)
    kept = [
        queue(addresses, willing, channel="wechat"),
        queue(addresses, willing, "service"),
        queue(addresses, willing, "personalised_recommendations"),
        queue(addresses, await new_contact(engine, keys)),
    ]
    await merged(engine, willing, unwilling)
    after = outbox(addresses)
    assert after[cancelled] == ("failed", "consent_withdrawn")
    assert {after[one] for one in kept} == {("queued", None)}


async def test_a_restriction_cancels_all_but_the_service(engine, keys, addresses):
    member, root, stranger = [await new_contact(engine, keys) for _ in range(3)]
    await merged(engine, member, root)
    cancelled = [queue(addresses, root), queue(addresses, root, "personalised_recommendations", "wechat")]
    kept = [queue(addresses, root, "service"), queue(addresses, stranger)]
    async with engine.begin() as connection:
        await restrict(connection, member, datetime.now(UTC))
    after = outbox(addresses)
    assert {after[one] for one in cancelled} == {("failed", "restricted")}
    assert {after[one] for one in kept} == {("queued", None)}


async def test_nothing_is_queued_past_a_withdrawal(store, engine, keys):
    """Whoever asked within a transaction holds the withdrawal up, until what they queue can be found."""
    contact = await new_contact(engine, keys)
    await store.record_consent(choice(contact, channel="web"))
    async with engine.begin() as connection:
        assert await store.within(connection).may_use(contact, "care_messages", "web")
        withdrawal = asyncio.create_task(store.record_consent(choice(contact, "withdrawn")))
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.shield(withdrawal)
        assert not withdrawal.done()
    await withdrawal
    assert not await store.may_use(contact, "care_messages", "web")


async def test_a_damaged_projection_is_made_anew(store, engine, keys, addresses):
    contact = await new_contact(engine, keys)
    await store.record_consent(choice(contact))
    await store.record_consent(choice(contact, "withdrawn", "sensitive_data"))
    right = await table(engine)
    assert await store.rebuild_consents() == 0
    as_superuser(
        addresses.owner_url,
        "UPDATE crm.consents SET state = 'granted', since = now() + interval '1 day' WHERE state = 'withdrawn'",
        "DELETE FROM crm.consents WHERE purpose = 'care_messages'",
        "INSERT INTO crm.consents SELECT gen_random_uuid(), 'x', '*', '', 'granted', false, covers, event_id, 'h', 1,"
        " now() FROM crm.consents LIMIT 1",
    )
    assert await store.rebuild_consents() == 3
    assert await table(engine) == right


STEP = st.tuples(
    st.sampled_from(["granted", "refused", "withdrawn", "expired", "objected", "notice_shown", "merge", "unmerge"]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["*", "web", "wechat"]),
    st.integers(-60, 60),
)


@given(st.lists(STEP, max_size=14))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_the_projection_is_what_the_ledger_says(cluster_runner, steps):
    cluster_runner(steps)


@pytest.fixture
def cluster_runner(addresses, keys):
    """Runs a sequence of events on three fresh contacts, in an event loop of its own."""
    from bot.settings import Settings
    from bot.storage.database import make_engine

    async def play(steps):
        engine = make_engine(addresses.application_url, Settings())
        try:
            store, now = consents_of(engine, keys), datetime.now(UTC)
            people, merges, allowed = [await new_contact(engine, keys) for _ in range(3)], [], {}
            for event, one, other, channel, minutes in steps:
                before = {person: await store.may_use(person, "care_messages", "web") for person in people}
                if event == "merge":
                    with suppress(Exception):
                        merges.append(await merged(engine, people[one], people[other]))
                elif event == "unmerge":
                    if merges:
                        await parted(engine, merges.pop())
                else:
                    said = {"channel": channel, "occurred_at": now + timedelta(minutes=minutes)}
                    await store.record_consent(choice(people[one], event, **said))
                allowed = {person: await store.may_use(person, "care_messages", "web") for person in people}
                if event in ("refused", "withdrawn", "objected", "expired", "notice_shown", "unmerge"):
                    new = [person for person in people if allowed[person] and not before[person]]
                    own = {row[0] for row in await table(engine) if row[4] == "granted"}
                    assert {str(person) for person in new} <= own, "nobody is allowed by another's word after parting"
                if event in ("refused", "withdrawn", "objected") and channel in ("*", "web"):
                    assert not allowed[people[one]]
            right = await table(engine)
            assert await store.rebuild_consents() == 0
            async with engine.begin() as connection:
                await connection.execute(text("DELETE FROM crm.consents"))
            await store.rebuild_consents()
            assert await table(engine) == right
            for person in people:
                assert await store.may_use(person, "care_messages", "web") is allowed.get(person, False)
        finally:
            await engine.dispose()

    return lambda steps: asyncio.run(play(steps))

"""The chains: linked once and in order whatever happens to the sequencer; every tampering is found and named."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest
import rfc8785
from sqlalchemy import delete, text
from sqlalchemy import event as hooks
from sqlalchemy.exc import SQLAlchemyError

from crm_adapter.encryption import Keyring, Keys
from crm_adapter.ledger.canonical import event_of, link_hash
from crm_adapter.ledger.chains import registered
from crm_adapter.ledger.checkpoints import Checkpoint, make_checkpoints, parse_checkpoints, read_checkpoints
from crm_adapter.ledger.proof import prove_chains
from crm_adapter.ledger.sequencer import BATCH, Backlog, link_all, link_batch, read_backlog, run_sequencer
from crm_adapter.tables import data_keys
from tests.integration.consent_store import CONTROLLER, as_superuser, choice, consents_of, new_contact

LABEL = f"consent:{CONTROLLER}"
EVENTS = 6


async def until(ask):
    """The first answer that is not nothing."""
    async with asyncio.timeout(40):
        while not (answer := await ask()):  # noqa: ASYNC110 (the store has no event to wait for)
            await asyncio.sleep(0.02)
    return answer


async def queue(engine):
    async with engine.connect() as connection:
        return (await connection.execute(text("SELECT event_id FROM crm.unlinked ORDER BY number"))).scalars().all()


async def chain(engine):
    async with engine.connect() as connection:
        links = text("SELECT position, event_id FROM crm.ledger_links ORDER BY chain, position")
        return [tuple(row) for row in await connection.execute(links)]


async def faults(engine, keys, handed_out=()):
    proofs = await prove_chains(engine, keys.signing_key.public_key(), handed_out)
    return {proof.chain: proof.fault for proof in proofs}


async def only_fault(engine, keys, handed_out=()):
    found = await faults(engine, keys, handed_out)
    assert set(found) == {LABEL}
    return found[LABEL]


@pytest.fixture
async def events(engine, keys):
    """Six events in their chain, in batches of two; their ids in order."""
    store = consents_of(engine, keys)
    contact = await new_contact(engine, keys)
    ids = []
    for number in range(EVENTS):
        kind = "withdrawn" if number % 2 else "granted"
        ids.append((await store.record_consent(choice(contact, kind, idempotency_key=f"k{number}"))).event_id)
        if number % 2:
            await link_all(engine, keys)
    return ids


async def test_events_are_linked_in_order_and_the_chain_is_proven(engine, keys, events):
    assert await chain(engine) == list(enumerate(events, start=1))
    assert await queue(engine) == []
    (proof,) = await prove_chains(engine, keys.signing_key.public_key())
    assert (proof.chain, proof.length, proof.fault) == (LABEL, EVENTS, None)


async def test_a_link_is_what_its_description_says(engine, keys, events):
    """Anyone can check with a JSON canonicaliser and SHA-256 alone."""
    async with engine.connect() as connection:
        link = (await connection.execute(text("SELECT * FROM crm.ledger_links WHERE position = 2"))).one()
        first = (await connection.execute(text("SELECT hash FROM crm.ledger_links WHERE position = 1"))).scalar_one()
        row = (
            await connection.execute(text("SELECT * FROM crm.consent_events WHERE id = :id"), {"id": events[1]})
        ).one()
    event = event_of(registered()["consent"], row._asdict())
    assert set(event) == set(row._fields), "every column is proven"
    assert event["received_at"] == row.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
    content = {
        "chain": LABEL,
        "position": 2,
        "previous": bytes(first).hex(),
        "linked_at": link.linked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "event": event,
    }
    assert sha256(rfc8785.dumps(content)).digest() == bytes(link.hash)


async def test_a_rolled_back_event_leaves_nothing(engine, keys):
    contact = await new_contact(engine, keys)
    async with engine.connect() as connection:
        await consents_of(engine, keys).within(connection).record_consent(choice(contact))
        await connection.rollback()
    assert await link_all(engine, keys) == 0
    assert await faults(engine, keys) == {}


class Broken(Exception):
    pass


@pytest.mark.parametrize("step", range(1, 8))
async def test_a_sequencer_that_dies_at_any_step_loses_and_doubles_nothing(engine, keys, step):
    store, contact = consents_of(engine, keys), await new_contact(engine, keys)
    ids = [(await store.record_consent(choice(contact))).event_id for _ in range(3)]
    seen = 0

    def fail(*_):
        nonlocal seen
        seen += 1
        if seen == step:
            raise Broken

    hooks.listen(engine.sync_engine, "after_cursor_execute", fail)
    hooks.listen(engine.sync_engine, "commit", fail)
    try:
        await link_batch(engine, keys.signing_key)
        died = False
    except Broken:
        died = True
        assert await chain(engine) == []
        assert await queue(engine) == ids
    finally:
        hooks.remove(engine.sync_engine, "after_cursor_execute", fail)
        hooks.remove(engine.sync_engine, "commit", fail)
    assert died is (step <= 7), "steps: lock, queue, heads, events, links, empty the queue, commit"
    assert await link_all(engine, keys) == len(ids)
    assert await chain(engine) == list(enumerate(ids, start=1))
    assert await only_fault(engine, keys) is None


async def test_a_killed_session_is_taken_over(engine, keys, addresses):
    """The server loses the sequencer's session in the middle, as by kill -9."""
    store, contact = consents_of(engine, keys), await new_contact(engine, keys)
    ids = [(await store.record_consent(choice(contact))).event_id for _ in range(3)]
    with psycopg.connect(addresses.application_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (0x6C696E6B,))
        assert await link_batch(engine, keys.signing_key) == 0, "one at a time"
        pid = other.info.backend_pid
        other.execute("DELETE FROM crm.unlinked")
        as_superuser(addresses.owner_url, f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(psycopg.OperationalError):
            other.execute("SELECT 1")
    await until(lambda: link_batch(engine, keys.signing_key))
    assert await chain(engine) == list(enumerate(ids, start=1))


async def test_many_sequencers_and_writers_make_one_chain(engine, keys):
    store, contacts = consents_of(engine, keys), [await new_contact(engine, keys) for _ in range(4)]
    backlogs: list[Backlog] = []
    async with asyncio.TaskGroup() as tasks:
        loops = [tasks.create_task(run_sequencer(engine, keys, backlogs.append, pause_s=0.01)) for _ in range(3)]
        writers = [
            tasks.create_task(store.record_consent(choice(contact, idempotency_key=f"{contact}:{n}")))
            for contact in contacts
            for n in range(8)
        ]
        receipts = [await writer for writer in writers]

        async def nothing_waits():
            return not (await read_backlog(engine)).count

        await until(nothing_waits)
        for loop in loops:
            loop.cancel()
    linked = await chain(engine)
    assert [position for position, _ in linked] == list(range(1, 33))
    assert {event for _, event in linked} == {receipt.event_id for receipt in receipts}
    assert await only_fault(engine, keys) is None
    assert backlogs


async def test_the_sequencer_survives_an_outage(engine, keys, addresses):
    store, contact = consents_of(engine, keys), await new_contact(engine, keys)
    told: asyncio.Queue[Backlog] = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(run_sequencer(engine, keys, told.put_nowait, pause_s=0.02))
        await told.get()
        as_superuser(
            addresses.owner_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'yingda_app' AND datname = current_database()",
        )

        async def recorded():
            with suppress(SQLAlchemyError, psycopg.Error):
                return await store.record_consent(choice(contact))

        receipt = await until(recorded)

        async def linked():
            return await chain(engine) == [(1, receipt.event_id)]

        await until(linked)
        loop.cancel()


async def test_the_backlog_says_how_old_it_is(engine, keys):
    assert await read_backlog(engine) == Backlog(0, 0.0)
    await consents_of(engine, keys).record_consent(choice(await new_contact(engine, keys)))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE crm.unlinked SET at = at - interval '1 minute'"))
    backlog = await read_backlog(engine)
    assert backlog.count == 1
    assert 60 <= backlog.oldest_s < 120


async def test_an_event_that_vanished_before_it_was_linked_holds_up_nobody(engine, keys, addresses):
    store, contact = consents_of(engine, keys), await new_contact(engine, keys)
    lost = [(await store.record_consent(choice(contact))).event_id for _ in range(3)]
    kept = (await store.record_consent(choice(contact))).event_id
    gone = ", ".join(f"'{one}'" for one in lost)
    as_superuser(addresses.owner_url, f"DELETE FROM crm.consent_events WHERE id IN ({gone})")
    assert await link_batch(engine, keys.signing_key, limit=2) == 1
    assert await chain(engine) == [(1, kept)]
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.event_id) == ("event_missing", lost[0])
    assert BATCH > 2


OTHER_VALUES = {
    "subject": "gen_random_uuid()",
    "covers": "ARRAY[gen_random_uuid()]",
    "identity_id": "gen_random_uuid()",
    "told_on": "'phone'",
    "assurance": "'verified'",
    "purpose": "'sharing'",
    "channel": "'wechat'",
    "recipient": "'x'",
    "data_categories": "ARRAY['orders']",
    "recipients": "ARRAY['x']",
    "retention": "'P9Y'",
    "jurisdiction": "'US'",
    "notice_version": "7",
    "notice_locale": "'en'",
    "sealed": "sealed || '\\x00'",
    "guardian": "true",
    "method": "'paper'",
    "event": "'guardian_granted'",
    "actor": "'staff:x'",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "received_at": "received_at - interval '1 microsecond'",
    "receipt": "'other'",
    "idempotency_key": "NULL",
}


@pytest.mark.parametrize("column", [*OTHER_VALUES, "notice_hash", "controller", "id"])
async def test_every_changed_field_of_an_event_is_found(engine, keys, events, addresses, column):
    target = events[2]
    if column == "notice_hash":
        change = [
            "INSERT INTO crm.notices (hash, purpose, recipient, version, content) VALUES ('aa', 'x', '', 1, '{}')",
            f"UPDATE crm.consent_events SET notice_hash = 'aa' WHERE id = '{target}'",
        ]
        code = "hash_wrong"
    elif column == "controller":
        change = [f"UPDATE crm.consent_events SET controller = 'Other' WHERE id = '{target}'"]
        code = "hash_wrong"
    elif column == "id":
        change = [f"UPDATE crm.consent_events SET id = gen_random_uuid() WHERE id = '{target}'"]
        code = "event_missing"
    else:
        change = [f"UPDATE crm.consent_events SET {column} = {OTHER_VALUES[column]} WHERE id = '{target}'"]
        code = "hash_wrong"
    as_superuser(addresses.owner_url, *change)
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position, fault.event_id) == (code, 3, target)


def test_every_column_is_tampered_with():
    assert {*OTHER_VALUES, "notice_hash", "controller", "id"} == set(registered()["consent"].columns)


@pytest.mark.parametrize(
    ("statement", "code", "position"),
    [
        ("UPDATE crm.ledger_links SET hash = sha256('x') WHERE position = 3", "hash_wrong", 3),
        ("UPDATE crm.ledger_links SET previous_hash = sha256('x') WHERE position = 3", "previous_wrong", 3),
        ("UPDATE crm.ledger_links SET linked_at = now() WHERE position = 3", "hash_wrong", 3),
        ("UPDATE crm.ledger_links SET signature = sha512('x') WHERE position = 4", "signature_wrong", 4),
        ("UPDATE crm.ledger_links SET signature = NULL WHERE position = 6", "end_unsigned", 6),
        ("UPDATE crm.ledger_links SET position = 7 WHERE position = 3", "link_missing", 3),
        ("DELETE FROM crm.ledger_links WHERE position = 1", "link_missing", 1),
        ("DELETE FROM crm.ledger_links WHERE position = 3", "link_missing", 3),
    ],
)
async def test_a_changed_or_dropped_link_is_found(engine, keys, events, addresses, statement, code, position):
    as_superuser(addresses.owner_url, statement)
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position) == (code, position)
    if code != "link_missing":
        assert fault.event_id == events[position - 1]


async def test_a_dropped_event_is_named(engine, keys, events, addresses):
    as_superuser(addresses.owner_url, f"DELETE FROM crm.consent_events WHERE id = '{events[3]}'")
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position, fault.event_id) == ("event_missing", 4, events[3])


async def test_an_event_dropped_with_its_link_is_found(engine, keys, events, addresses):
    as_superuser(
        addresses.owner_url,
        f"DELETE FROM crm.consent_events WHERE id = '{events[3]}'",
        f"DELETE FROM crm.ledger_links WHERE event_id = '{events[3]}'",
    )
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position) == ("link_missing", 4)
    # And when the rest is moved up to close the gap.
    as_superuser(
        addresses.owner_url,
        "UPDATE crm.ledger_links SET position = position - 1 WHERE position = 5",
        "UPDATE crm.ledger_links SET position = position - 1 WHERE position = 6",
    )
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position, fault.event_id) == ("previous_wrong", 4, events[4])


async def test_a_dropped_tail_is_found(engine, keys, events, addresses):
    """Links alone: their events remain. Links with their events: a checkpoint that was handed out knows."""
    async with engine.begin() as connection:
        handed_out = await make_checkpoints(connection, keys)
    as_superuser(addresses.owner_url, "DELETE FROM crm.ledger_links WHERE position > 4")
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position) == ("chain_cut", 5)
    as_superuser(addresses.owner_url, "DELETE FROM crm.checkpoints")
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.event_id) == ("event_unlinked", events[4])
    gone = f"DELETE FROM crm.consent_events WHERE id IN ('{events[4]}', '{events[5]}')"
    as_superuser(addresses.owner_url, gone)
    assert await only_fault(engine, keys) is None, "cut at a signed link: the chain alone cannot tell"
    fault = await only_fault(engine, keys, handed_out)
    assert (fault.code, fault.position) == ("chain_cut", 5)
    as_superuser(addresses.owner_url, "DELETE FROM crm.ledger_links WHERE position = 4")
    fault = await only_fault(engine, keys)
    assert fault.code == "end_unsigned"


async def test_a_whole_chain_that_vanished_is_found(engine, keys, events, addresses):
    async with engine.begin() as connection:
        handed_out = await make_checkpoints(connection, keys)
    as_superuser(
        addresses.owner_url,
        "DELETE FROM crm.consent_events",
        "DELETE FROM crm.ledger_links",
        "DELETE FROM crm.checkpoints",
    )
    assert await faults(engine, keys) == {}
    assert (await only_fault(engine, keys, handed_out)).code == "chain_cut"


async def test_reordered_events_are_found(engine, keys, events, addresses):
    first, second = events[1], events[2]
    as_superuser(
        addresses.owner_url,
        "ALTER TABLE crm.ledger_links DROP CONSTRAINT ledger_links_event_id_key",
        f"UPDATE crm.ledger_links SET event_id = '{second}' WHERE position = 2",
        f"UPDATE crm.ledger_links SET event_id = '{first}' WHERE position = 3",
    )
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position, fault.event_id) == ("hash_wrong", 2, second)


COPY = """
INSERT INTO crm.consent_events SELECT (jsonb_populate_record(e, '{"id": "01999999-0000-7000-8000-000000000001",
"receipt": "forged", "idempotency_key": null}')).* FROM crm.consent_events e ORDER BY id LIMIT 1
"""


async def test_an_inserted_event_is_found(engine, keys, events, addresses):
    as_superuser(addresses.owner_url, COPY)
    fault = await only_fault(engine, keys)
    assert (fault.code, str(fault.event_id)) == ("event_unlinked", "01999999-0000-7000-8000-000000000001")


async def forged_links(engine, start, ids, *, previous):
    """Links whose hashes are right, as anybody can compute them: the algorithm is public."""
    statements, at = [], datetime.now(UTC)
    for position, event_id in enumerate(ids, start=start):
        async with engine.connect() as connection:
            query = text("SELECT * FROM crm.consent_events WHERE id = :id")
            row = (await connection.execute(query, {"id": event_id})).one()
        event = event_of(registered()["consent"], row._asdict())
        digest = link_hash(LABEL, position, previous, at + timedelta(seconds=position), event)
        stamp = (at + timedelta(seconds=position)).isoformat()
        statements.append(
            "INSERT INTO crm.ledger_links (chain, position, event_id, previous_hash, hash, linked_at) VALUES "
            f"('{LABEL}', {position}, '{event_id}', '\\x{previous.hex()}', '\\x{digest.hex()}', '{stamp}')"
        )
        previous = digest
    return statements


async def test_an_event_appended_with_the_right_hash_lacks_the_signature(engine, keys, events, addresses):
    as_superuser(addresses.owner_url, COPY)
    async with engine.connect() as connection:
        head = (await connection.execute(text("SELECT hash FROM crm.ledger_links WHERE position = 6"))).scalar_one()
    links = await forged_links(engine, 7, ["01999999-0000-7000-8000-000000000001"], previous=bytes(head))
    as_superuser(addresses.owner_url, *links)
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position) == ("end_unsigned", 7)
    assert str(fault.event_id) == "01999999-0000-7000-8000-000000000001"


async def test_a_chain_computed_anew_without_the_key_is_found(engine, keys, events, addresses):
    async with engine.begin() as connection:
        handed_out = await make_checkpoints(connection, keys)
        signatures = text("SELECT position, signature FROM crm.ledger_links WHERE signature IS NOT NULL")
        kept = (await connection.execute(signatures)).all()
    as_superuser(
        addresses.owner_url,
        f"UPDATE crm.consent_events SET event = 'granted' WHERE id = '{events[1]}'",
        "DELETE FROM crm.ledger_links",
    )
    as_superuser(addresses.owner_url, *await forged_links(engine, 1, events, previous=bytes(32)))
    assert (await only_fault(engine, keys)).code == "checkpoint_differs"
    as_superuser(addresses.owner_url, "DELETE FROM crm.checkpoints")
    assert (await only_fault(engine, keys)).code == "end_unsigned"
    for row in kept:
        old = (
            f"UPDATE crm.ledger_links SET signature = '\\x{bytes(row.signature).hex()}' WHERE position = {row.position}"
        )
        as_superuser(addresses.owner_url, old)
    fault = await only_fault(engine, keys)
    assert (fault.code, fault.position, fault.event_id) == ("signature_wrong", 2, events[1])
    fault = await only_fault(engine, keys, handed_out)
    assert fault.code in ("signature_wrong", "checkpoint_differs")


async def test_checkpoints_are_signed_once_per_length_and_survive_their_file(engine, keys, events):
    async with engine.begin() as connection:
        (made,) = await make_checkpoints(connection, keys)
        assert await make_checkpoints(connection, keys) == []
        stored = await read_checkpoints(connection)
    assert (made.chain, made.position) == (LABEL, EVENTS)
    assert parse_checkpoints([made.line(), "\n"]) == stored == [made]
    assert made.signed_by(keys.signing_key.public_key())
    assert await only_fault(engine, keys, [made]) is None


async def test_a_forged_checkpoint_is_not_believed(engine, keys, events, addresses):
    stranger = Keys(Keyring.fresh)
    async with engine.begin() as connection:
        await make_checkpoints(connection, stranger)
    assert (await only_fault(engine, keys)).code == "checkpoint_forged"
    as_superuser(addresses.owner_url, "DELETE FROM crm.checkpoints")
    async with engine.begin() as connection:
        (made,) = await make_checkpoints(connection, keys)
    later = Checkpoint(made.chain, made.position + 1, made.hash, made.at, made.signature, made.public_key)
    assert (await only_fault(engine, keys, [later])).code == "checkpoint_forged"


async def test_the_proof_survives_the_erasure_of_the_key(engine, keys, events, addresses):
    async with engine.begin() as connection:
        query = text("SELECT subject FROM crm.consent_events LIMIT 1")
        subject = (await connection.execute(query)).scalar_one()
        gone = delete(data_keys).where(data_keys.c.contact_id == subject)
        assert (await connection.execute(gone)).rowcount == 1
    assert await only_fault(engine, keys) is None
    history = await consents_of(engine, keys).consent_history(subject)
    assert [one.event_id for one in history] == events[::-1]
    assert {(one.prompt, one.reply, one.readable) for one in history} == {(None, None, False)}
    as_superuser(addresses.owner_url, f"UPDATE crm.consent_events SET sealed = '\\x01' WHERE id = '{events[0]}'")
    assert (await only_fault(engine, keys)).code == "hash_wrong"


@pytest.mark.parametrize("table", ["consent_events", "ledger_links", "checkpoints", "notices"])
def test_the_application_can_neither_change_nor_remove(addresses, table):
    for statement in (
        f"DELETE FROM crm.{table}",
        f"UPDATE crm.{table} SET {'hash' if table != 'consent_events' else 'event'} = 'x'",
    ):
        with (
            psycopg.connect(addresses.application_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())

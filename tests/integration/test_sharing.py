"""Customer data leaves only through the gate: register, consent, approval by a second person, a log (PR2, PR3)."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from psycopg import errors
from sqlalchemy import select, text, update

from crm_adapter.ledger.tables import unlinked
from crm_adapter.policy import Policy
from crm_adapter.port import BadField, Refused, UnknownRecord, VersionConflict
from crm_adapter.records.value import NewOrder
from crm_adapter.sharing.access import list_accesses
from crm_adapter.sharing.deidentify import coarse
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sharing.tables import transfers
from crm_adapter.sharing.third_parties import change_third_party, list_third_parties, versions
from crm_adapter.sharing.transfers import Allowed, Denied, TransferRefused, list_transfers
from crm_adapter.sharing.uses import NewUse, ask_use, decide_use, find_use
from crm_adapter.tables import contacts
from tests.integration.sharing_store import TODAY, Rooms

LATER = datetime.now(UTC) + timedelta(days=7)


@pytest_asyncio.fixture
async def rooms(engine, keys):
    return Rooms(engine, keys, Policy())


@pytest_asyncio.fixture
async def gate(engine, keys, rooms):
    return SqlSharing(engine, keys, rooms)


async def logged(engine):
    async with engine.connect() as connection:
        return list(await list_transfers(connection))


async def test_a_processor_is_given_what_its_agreement_names_and_no_more(engine, rooms, gate):
    mei = await rooms.person("1", name="王芳", phone="13800138000", address="上海市徐汇区漕溪路1号")
    party = await rooms.party("courier")
    assert await gate.check_transfer("courier", "delivery", ["name", "phone"], mei) == Allowed(
        ("name", "phone"), "processor", party.version_id
    )
    assert await gate.check_transfer("courier", "delivery", ["name", "address"], mei) == Denied(
        "more_than_needed", party.version_id
    )
    assert await gate.check_transfer("courier", "delivery", [], mei) == Denied("more_than_needed", party.version_id)
    assert await gate.check_transfer("courier", "marketing", ["name"], mei) == Denied("other_purpose", party.version_id)
    assert await gate.check_transfer("stranger", "delivery", ["name"], mei) == Denied("unknown_recipient")
    assert await gate.check_transfer("courier", "delivery", ["name"], uuid4()) == Denied(
        "unknown_contact", party.version_id
    )
    assert await logged(engine) == []


async def test_an_agreement_ends(rooms, gate, engine, keys):
    mei = await rooms.person("1", name="王芳")
    today = datetime.now(UTC).date()  # not of when this file was read, which may be yesterday
    await rooms.party("lapsed", until=today - timedelta(days=1))
    await rooms.party("today", until=today)
    await rooms.party("stopped", active=False)
    codes = {}
    for name in ("lapsed", "today", "stopped"):
        answer = await gate.check_transfer(name, "delivery", ["name"], mei)
        codes[name] = answer.code if isinstance(answer, Denied) else "allowed"
    assert codes == {"lapsed": "agreement_expired", "today": "allowed", "stopped": "recipient_inactive"}


async def test_restricted_and_quarantined_customers_go_nowhere(engine, rooms, gate):
    await rooms.party("courier")
    restricted, quarantined = await rooms.person("1", name="甲"), await rooms.person("2", name="乙")
    member = await rooms.person("3", name="丙")
    async with engine.begin() as connection:
        await connection.execute(
            update(contacts).where(contacts.c.id == restricted).values(restricted_at=datetime.now(UTC))
        )
        await connection.execute(update(contacts).where(contacts.c.id == quarantined).values(quarantined=True))
    await rooms.merge(restricted, member, "staff:1", "same person")
    for contact_id, code in ((restricted, "restricted"), (member, "restricted"), (quarantined, "quarantined")):
        answer = await gate.check_transfer("courier", "delivery", ["name"], contact_id)
        assert isinstance(answer, Denied)
        assert answer.code == code


async def test_sharing_by_consent_needs_that_customers_own(rooms, gate):
    await rooms.party("installer", purpose="sharing", basis="consent")
    mei = await rooms.person("1", name="王芳")

    async def answer():
        return await gate.check_transfer("installer", "sharing", ["name"], mei)

    assert isinstance(await answer(), Denied)
    await rooms.says(mei, "granted", "sharing", "installer")
    assert isinstance(await answer(), Allowed)
    await rooms.says(mei, "withdrawn", "sharing", "installer")
    assert (await answer()).code == "no_consent"


async def test_nothing_leaves_before_its_row_is_committed(engine, rooms, gate):
    mei = await rooms.person("1", name="王芳")
    await rooms.party("courier")
    async with gate.transfer("courier", "delivery", ["name"], mei, "system:webhook", "ab" * 16) as allowed:
        (row,) = await logged(engine)  # seen by another connection, while the sending is under way
    assert (row.recipient, row.fields, row.contact_id) == ("courier", ("name",), mei)
    assert (row.basis, row.refused, row.by) == ("processor", None, "system:webhook")
    assert allowed.fields == ("name",)
    with pytest.raises(ConnectionError):
        async with gate.transfer("courier", "delivery", ["name"], mei, "system:webhook"):
            raise ConnectionError
    assert len(await logged(engine)) == 2  # it may have gone all the same


async def test_a_refused_hand_over_is_logged_too(engine, rooms, gate):
    mei, sent = await rooms.person("1", name="王芳"), []
    with pytest.raises(TransferRefused) as refused:
        async with gate.transfer("courier", "delivery", ["name"], mei, "system:webhook"):
            sent.append("out")
    assert (refused.value.code, sent) == ("unknown_recipient", [])
    (row,) = await logged(engine)
    assert (row.refused, row.basis) == ("unknown_recipient", None)


async def test_the_application_cannot_change_what_was_logged(addresses, engine, rooms, gate):
    mei = await rooms.person("1", name="王芳")
    await rooms.party("courier")
    async with gate.transfer("courier", "delivery", ["name"], mei, "system:webhook"):
        pass
    for table in ("transfers", "third_parties", "access_log"):
        for statement in (f"UPDATE crm.{table} SET id = id", f"DELETE FROM crm.{table}"):
            with psycopg.connect(addresses.application_url) as connection, pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())


async def test_the_register_keeps_its_versions(engine, keys, rooms):
    first = await rooms.party("courier")
    with pytest.raises(Refused):
        await rooms.party("courier")
    with pytest.raises(Refused):
        await rooms.party("house")
    async with engine.begin() as connection:
        less = first.terms.__class__(
            "DPA-2", TODAY, "delivery", "processor", ("name",), "CN", "new@party.example", active=False
        )
        second = await change_third_party(connection, keys, first.id, less, "staff:2", expected_version=1)
        with pytest.raises(VersionConflict):
            await change_third_party(connection, keys, first.id, less, "staff:2", expected_version=1)
        with pytest.raises(UnknownRecord):
            await change_third_party(connection, keys, uuid4(), less, "staff:2", expected_version=1)
    async with engine.begin() as connection:
        assert [one.version for one in await versions(connection, keys, first.id)] == [2, 1]
        assert await list_third_parties(connection, keys) == [second]
        stored = (await connection.execute(text("SELECT row_to_json(t)::text FROM crm.third_parties t"))).scalars()
        assert "party.example" not in "".join(stored)


async def test_a_use_needs_a_second_person(engine, keys, rooms):
    mei = await rooms.person("1", name="王芳")
    use = NewUse("export", "survey", "which regions buy", ("gender",), "staff:asker", contact_ids=(mei,))
    async with engine.begin() as connection:
        asked = await ask_use(connection, keys, use)
    async with engine.begin() as connection:
        with pytest.raises(Refused, match="own_request"):
            await decide_use(connection, keys, asked.id, "approved", "staff:asker", "why not", valid_until=LATER)
        with pytest.raises(BadField):
            await decide_use(connection, keys, asked.id, "approved", "staff:other", "fine")
        decided = await decide_use(connection, keys, asked.id, "approved", "staff:other", "fine", valid_until=LATER)
        with pytest.raises(Refused, match="already_decided"):
            await decide_use(connection, keys, asked.id, "refused", "staff:other", "no")
        assert (decided.decision, decided.reason, decided.asked) == ("approved", "fine", use)
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="uses_second_person"):
            await connection.execute(text("UPDATE crm.uses SET decided_by = asked_by"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fields": ("name",)}, "fields"),
        ({"fields": ("shoe_size",)}, "fields"),
        ({"fields": ()}, "fields"),
        ({"contact_ids": None}, "audience"),
        ({"segment": {"all": []}}, "audience"),
        ({"segment": {"field": "shoe_size", "is": "9"}, "contact_ids": None}, "segment"),
        ({"deidentified": False}, "why_identified"),
        ({"recipient": "stranger"}, "recipient"),
    ],
)
async def test_what_cannot_be_asked_for(engine, keys, change, field):
    asked = {
        "kind": "export",
        "purpose": "survey",
        "what_for": "regions",
        "fields": ("gender",),
        "asked_by": "staff:1",
        "contact_ids": (uuid4(),),
        **change,
    }
    async with engine.begin() as connection:
        with pytest.raises(BadField) as bad:
            await ask_use(connection, keys, NewUse(**asked))
    assert bad.value.field == field


async def approved(engine, keys, **asked):
    known = {"kind": "export", "purpose": "survey", "what_for": "which regions buy", "asked_by": "staff:asker"}
    async with engine.begin() as connection:
        use = await ask_use(connection, keys, NewUse(**{**known, **asked}))
        await decide_use(connection, keys, use.id, "approved", "staff:other", "fine", valid_until=LATER)
    return use.id


def rows_of(result):
    return list(csv.DictReader(io.StringIO(result.content.decode("utf-8-sig"))))


async def test_an_approved_export_names_nobody_and_is_logged(engine, keys, rooms, gate):
    profile = {"gender": "女", "birthday": "1990-05-03", "address": "上海市徐汇区漕溪路1号", "name": "王芳"}
    mei, li = await rooms.person("1", **profile), await rooms.person("2", **{**profile, "birthday": "1990-09-09"})
    held = await rooms.person("3", **profile)
    async with engine.begin() as connection:
        await connection.execute(update(contacts).where(contacts.c.id == held).values(restricted_at=datetime.now(UTC)))
    fields = ("gender", "birthday", "address")
    everybody = tuple(sorted((mei, li, held)))
    one = await approved(engine, keys, fields=fields, contact_ids=everybody)
    two = await approved(engine, keys, fields=fields, contact_ids=everybody)
    result, other = await gate.carry_out(one, "staff:asker", "ab" * 16), await gate.carry_out(two, "staff:asker")
    assert (result.rows, result.left_out, result.smallest_group) == (2, 1, 2)
    for row in rows_of(result):
        assert {name: row[name] for name in fields} == {"gender": "female", "birthday": "1990", "address": "上海市"}
    for secret in ("王芳", str(mei), "05-03", "漕溪"):
        assert secret not in result.content.decode()
    assert not {row["row"] for row in rows_of(result)} & {row["row"] for row in rows_of(other)}
    again = await gate.carry_out(one, "staff:asker")
    assert {row["row"] for row in rows_of(again)} == {row["row"] for row in rows_of(result)}

    async with engine.begin() as connection:
        reads = await list_accesses(connection, keys, contact_id=mei)
        assert [(read.actor, read.action, read.purpose, read.reason) for read in reads][-1] == (
            "staff:asker",
            f"use {one}",
            "survey",
            "which regions buy",
        )
        assert set(reads[-1].contact_ids) == {mei, li}
        rows = (await connection.execute(select(transfers).where(transfers.c.use_id == two))).all()
        assert {(row.contact_id, row.basis, row.refused) for row in rows} == {
            (mei, "approved_use", None),
            (li, "approved_use", None),
            (held, None, "restricted"),
        }
        queued = (await connection.execute(select(unlinked.c.event_id).where(unlinked.c.chain == "access"))).scalars()
        assert {read.id for read in reads} <= set(queued)
        assert (await find_use(connection, keys, one)).times_used == 2


async def test_a_segment_is_exported_with_names_when_there_is_a_reason(engine, keys, rooms, gate):
    mei = await rooms.person("1", name="=HYPERLINK(1)", gender="女")
    await rooms.person("2", name="李雷", gender="男")
    await rooms.put_order(NewOrder(mei, "shop", "A1", datetime.now(UTC), 129900))
    use = await approved(
        engine,
        keys,
        kind="hand_out",
        fields=("name", "orders", "amount", "tags"),
        segment={"field": "orders", "at_least": 1},
        deidentified=False,
        why_identified="they are called one by one",
    )
    result = await gate.carry_out(use, "staff:asker")
    (row,) = rows_of(result)
    assert (row["row"], row["name"], row["orders"], row["amount"]) == (str(mei), "'=HYPERLINK(1)", "1", "CNY 1299.00")


async def test_an_export_to_a_third_party_passes_the_register_too(engine, keys, rooms, gate):
    mei = await rooms.person("1", gender="女")
    await rooms.party("analyst", purpose="survey", fields=("gender",))
    await rooms.party("other", purpose="survey", fields=("region",))
    good = await approved(engine, keys, fields=("gender",), contact_ids=(mei,), recipient="analyst")
    bad = await approved(engine, keys, fields=("gender",), contact_ids=(mei,), recipient="other")
    assert (await gate.carry_out(good, "staff:asker")).rows == 1
    assert (await gate.carry_out(bad, "staff:asker")).rows == 0
    assert {(row.recipient, row.refused) for row in await logged(engine)} == {
        ("analyst", None),
        ("other", "more_than_needed"),
    }


async def test_what_is_not_approved_or_over_gives_nothing(engine, keys, rooms, gate):
    mei = await rooms.person("1", gender="女")
    async with engine.begin() as connection:
        asked = await ask_use(
            connection, keys, NewUse("export", "survey", "regions", ("gender",), "staff:1", contact_ids=(mei,))
        )
    with pytest.raises(Refused, match="not_approved"):
        await gate.carry_out(asked.id, "staff:1")
    with pytest.raises(UnknownRecord):
        await gate.carry_out(uuid4(), "staff:1")
    over = await approved(engine, keys, fields=("gender",), contact_ids=(mei,))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE crm.uses SET valid_until = now() - interval '1 second'"))
    with pytest.raises(Refused, match="use_expired"):
        await gate.carry_out(over, "staff:1")
    assert await logged(engine) == []
    async with engine.begin() as connection:
        assert await list_accesses(connection, keys) == []


async def test_two_decisions_at_once_leave_one(engine, keys, rooms):
    async with engine.begin() as connection:
        asked = await ask_use(
            connection, keys, NewUse("export", "survey", "regions", ("gender",), "staff:1", contact_ids=(uuid4(),))
        )

    async def decide(by):
        async with engine.begin() as connection:
            return await decide_use(connection, keys, asked.id, "refused", by, "no need")

    outcomes = await asyncio.gather(*(decide(f"staff:{n}") for n in range(2, 6)), return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in outcomes) == 3


@pytest.mark.parametrize(
    ("address", "city"),
    [
        ("上海市徐汇区漕溪路1号", "上海市"),
        ("浙江省 杭州市西湖区文三路9号", "浙江省 杭州市"),
        ("中国江苏省南京市鼓楼区", "江苏省南京市"),
        ("12 Foo Road, Oxford", "Oxford"),
        ("12 Foo Road, Shanghai 200030", ""),
        ("漕溪路1号", ""),
        ("Rose Cottage", ""),
    ],
)
def test_addresses_become_cities_or_nothing(address, city):
    assert coarse("address", address) == city


def test_birthdays_become_years():
    assert coarse("birthday", "1990-05-03") == "1990"
    assert coarse("birthday", "05-03") == ""
    assert coarse("gender", None) == ""

"""Organisations and who belongs to them (CP10)."""

import pytest
from uuid_utils.compat import uuid7

from crm_adapter.port import BadField, Refused, UnknownRecord
from crm_adapter.records.value import Organisation
from tests.integration.value_store import stock_of


@pytest.fixture
def stock(engine, keys):
    return stock_of(engine, keys)


async def test_an_organisation_is_described(stock):
    company = await stock.add_contact(kind="organisation")
    assert await stock.organisation(company) is None
    await stock.set_organisation(Organisation(company, "酒店", "large", "华东"))
    await stock.set_organisation(Organisation(company, "酒店", "medium", None))
    assert await stock.organisation(company) == Organisation(company, "酒店", "medium", None)
    bought = await stock.add_contact(kind="organisation")
    await stock.set_organisation(Organisation(bought, "餐饮", None, "华北"))
    await stock.join_families(bought, company)
    assert (await stock.organisation(bought)).industry == "酒店"


async def test_what_cannot_be_is_refused(stock):
    company, person = await stock.add_contact(kind="organisation"), await stock.add_contact()
    for wrong in (
        Organisation(company, "x" * 65, None, None),
        Organisation(company, None, "huge", None),
        Organisation(company, None, None, " "),
    ):
        with pytest.raises(BadField):
            await stock.set_organisation(wrong)
    for deed, code in (
        (stock.set_organisation(Organisation(person, "酒店", None, None)), "not_an_organisation"),
        (stock.add_member(person, company, "buyer"), "not_an_organisation"),
        (stock.add_member(company, company, "buyer"), "not_a_person"),
    ):
        with pytest.raises(Refused) as refused:
            await deed
        assert refused.value.code == code
    with pytest.raises(UnknownRecord):
        await stock.add_member(company, uuid7(), "buyer")
    with pytest.raises(BadField):
        await stock.add_member(company, person, "")


async def test_members_come_and_go(stock):
    company, mei = await stock.add_contact(kind="organisation"), await stock.add_contact()
    bo = await stock.add_contact()
    first = await stock.add_member(company, mei, "采购")
    await stock.add_member(company, bo, "财务")
    changed = await stock.add_member(company, mei, "经理")
    assert (changed.id, changed.role, changed.until) == (first.id, "经理", None)
    assert [(one.person_id, one.role) for one in await stock.members(company)] == [(mei, "经理"), (bo, "财务")]
    assert [one.organisation_id for one in await stock.organisations_of(mei)] == [company]
    await stock.remove_member(company, mei)
    await stock.remove_member(company, mei)
    assert [one.person_id for one in await stock.members(company)] == [bo]
    former = await stock.members(company, former=True)
    assert [(one.person_id, one.until is None) for one in former] == [(mei, False), (bo, True)]
    back = await stock.add_member(company, mei, "经理")
    assert back.id != first.id
    other = await stock.add_contact()
    await stock.join_families(mei, other)
    assert [one.organisation_id for one in await stock.organisations_of(other)] == [company]

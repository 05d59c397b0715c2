"""Segments: every field, what is wrong with a filter, and who is never in one (CP5-CP7, CP10)."""

from uuid import UUID

import pytest
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from crm_adapter.consent.tables import consents
from crm_adapter.port import BadField, UnknownRecord
from crm_adapter.records.value import BadSegment, Organisation
from tests.integration.value_store import ago, an_order, stock_of

STAFF = str(UUID(int=7))


@pytest.fixture
def stock(engine, keys):
    return stock_of(engine, keys)


async def consent(engine, subject, state, channel="wechat", purpose="care", recipient=""):
    row = {"guardian": False, "covers": [subject], "event_id": uuid7(), "notice_hash": "h", "notice_version": 1}
    asked = {"subject": subject, "purpose": purpose, "channel": channel, "recipient": recipient, "state": state}
    async with engine.begin() as connection:
        await connection.execute(insert(consents).values(**asked, **row, since=ago(1)))


@pytest.fixture
async def people(engine, stock):
    """Four customers: a rich regular, a lost one, a silent newcomer and a company; by name."""
    rich = await stock.add_contact(days=500, owner_id=UUID(STAFF))
    await stock.put_orders([an_order(rich, f"R{days}", days=days, amount=300_000) for days in (5, 50, 450)])
    await stock.add_identity(rich, "wechat")
    lost = await stock.add_contact(days=900, locale="en")
    await stock.put_order(an_order(lost, "L1", days=700))
    await stock.add_identity(lost, "wechat", reachable=False)
    await stock.tag(lost, "vip", "staff:1", "was one")
    silent = await stock.add_contact(days=1)
    company = await stock.add_contact(days=100, kind="organisation")
    await stock.set_organisation(Organisation(company, "酒店", "large", "华东"))
    await stock.assess(company)
    await consent(engine, rich, "granted")
    await consent(engine, lost, "granted", channel="*")
    await consent(engine, lost, "withdrawn")
    return {"rich": rich, "lost": lost, "silent": silent, "company": company}


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({"field": "value_class", "is": "high"}, "rich"),
        ({"field": "value_class", "in": ["high", "lost"]}, "rich lost"),
        ({"field": "value_class", "known": False}, "silent"),
        ({"not": {"field": "value_class", "is": "high"}}, "lost silent company"),
        ({"field": "stage", "is": "churn"}, "lost"),
        ({"field": "locale", "is": "en"}, "lost"),
        ({"field": "kind", "is": "organisation"}, "company"),
        ({"field": "industry", "is": "酒店"}, "company"),
        ({"field": "size", "in": ["medium", "large"]}, "company"),
        ({"field": "region", "known": False}, "rich lost silent"),
        ({"field": "owner", "is": STAFF}, "rich"),
        ({"field": "owner", "known": False}, "lost silent company"),
        ({"field": "amount_year", "at_least": 100_000}, "rich"),
        ({"field": "orders", "at_most": 1}, "lost company"),
        ({"field": "orders", "is": 3}, "rich"),
        ({"field": "last_order_at", "older_than_days": 90}, "lost"),
        ({"field": "last_order_at", "within_days": 90}, "rich"),
        ({"not": {"field": "last_order_at", "within_days": 90}}, "lost silent company"),
        ({"field": "tag", "has": "vip"}, "lost"),
        ({"field": "tag", "has": "high-value"}, "rich"),
        ({"not": {"field": "tag", "has": "vip"}}, "rich silent company"),
        ({"any": [{"field": "tag", "has": "vip"}, {"field": "tag", "has": "active"}]}, "rich lost"),
        ({"field": "channel", "has": "wechat"}, "rich"),
        ({"field": "consent", "purpose": "care", "is": "granted"}, "rich lost"),
        ({"field": "consent", "purpose": "care", "channel": "wechat", "is": "granted"}, "rich"),
        ({"field": "consent", "purpose": "care", "channel": "web", "is": "granted"}, "lost"),
        ({"field": "consent", "purpose": "care", "is": "withdrawn"}, "lost"),
        ({"field": "consent", "purpose": "sharing", "is": "granted"}, ""),
        ({"field": "consent", "purpose": "care", "recipient": "", "is": "granted"}, None),
        (
            {
                "all": [
                    {"field": "locale", "is": "zh-Hans"},
                    {"any": [{"field": "kind", "is": "organisation"}, {"field": "orders", "at_least": 2}]},
                    {"not": {"field": "region", "is": "华北"}},
                ]
            },
            "rich company",
        ),
    ],
)
async def test_each_field(stock, people, condition, names):
    if names is None:
        with pytest.raises(BadSegment):
            await stock.count_segment(condition)
        return
    wanted = sorted(people[name] for name in names.split())
    assert await stock.segment_members(condition) == wanted
    assert await stock.count_segment(condition) == len(wanted)


@pytest.mark.parametrize(
    ("condition", "code", "place"),
    [
        ({}, "not_a_condition", "condition"),
        ([], "not_a_condition", "condition"),
        ({"all": []}, "empty", "all"),
        ({"all": {}}, "not_a_condition", "all"),
        ({"some": []}, "not_a_condition", "condition"),
        ({"any": [{"field": "stage", "is": "churn"}, {"field": "name", "is": "王"}]}, "unknown_field", "any[1].field"),
        ({"not": {"field": "stage", "at_least": 1}}, "unknown_operator", "not.at_least"),
        ({"field": "orders"}, "one_operator", "condition"),
        ({"field": "orders", "at_least": 1, "at_most": 2}, "one_operator", "condition"),
        ({"field": "orders", "at_least": "1"}, "bad_operand", "at_least"),
        ({"field": "orders", "at_least": True}, "bad_operand", "at_least"),
        ({"field": "orders", "at_least": 2**70}, "bad_operand", "at_least"),
        ({"field": "last_order_at", "older_than_days": -1}, "bad_operand", "older_than_days"),
        ({"field": "last_order_at", "known": "yes"}, "bad_operand", "known"),
        ({"field": "stage", "is": "bliss"}, "unknown_word", "is"),
        ({"field": "stage", "in": ["churn", "bliss"]}, "unknown_word", "in[1]"),
        ({"field": "owner", "is": "mei"}, "unknown_word", "is"),
        ({"field": "tag", "has": "a\x00b"}, "bad_operand", "has"),
        ({"field": "consent", "is": "granted"}, "missing_member", "condition"),
        ({"all": [{"field": "tag", "has": "x"}] * 201}, "too_large", "all[199]"),
    ],
)
async def test_what_is_wrong_is_named(stock, condition, code, place):
    with pytest.raises(BadSegment) as fault:
        await stock.count_segment(condition)
    assert (fault.value.code, fault.value.place) == (code, place)


async def test_a_deep_filter_is_refused_and_a_full_one_is_not(stock):
    condition = {"field": "tag", "has": "x"}
    for _ in range(18):
        condition = {"not": condition}
    assert await stock.count_segment(condition) == 0
    assert await stock.count_segment({"all": [condition] * 9}) == 0
    for _ in range(2000):
        condition = {"not": condition}
    with pytest.raises(BadSegment, match="too_large"):
        await stock.count_segment(condition)


async def test_who_must_be_left_alone_is_in_no_segment(stock):
    everybody = {"field": "locale", "known": True}
    fine = await stock.add_contact()
    await stock.add_contact(quarantined=True)
    await stock.add_contact(restricted_at=ago(1))
    root, member = await stock.add_contact(), await stock.add_contact(restricted_at=ago(1))
    assert await stock.segment_members(everybody) == [fine, root]
    await stock.join_families(member, root)
    assert await stock.segment_members(everybody) == [fine]
    await stock.join_families(member, fine)
    assert await stock.segment_members({"not": {"field": "tag", "has": "x"}}) == [root]


async def test_a_family_is_looked_at_as_one(engine, stock):
    root, member = await stock.add_contact(kind="organisation"), await stock.add_contact(kind="organisation")
    await stock.join_families(member, root)
    await stock.add_identity(root, "telegram")
    await stock.tag(member, "vip", "staff:1", "")
    await consent(engine, root, "granted")
    for condition in (
        {"field": "channel", "has": "telegram"},
        {"field": "tag", "has": "vip"},
        {"field": "consent", "purpose": "care", "channel": "wechat", "is": "granted"},
    ):
        assert await stock.segment_members(condition) == [root]
    await consent(engine, member, "refused")
    assert await stock.count_segment(condition) == 0


async def test_members_come_in_pages(stock):
    ids = [await stock.add_contact() for _ in range(5)]
    everybody = {"field": "kind", "is": "person"}
    pages, after = [], None
    while page := await stock.segment_members(everybody, after=after, limit=2):
        pages.append(page)
        after = page[-1]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == ids


async def test_segments_are_saved_by_name(stock):
    condition = {"field": "value_class", "is": "high"}
    first = await stock.save_segment(" 高价值  客户 ", condition, "staff:1")
    again = await stock.save_segment("高价值 客户", {"not": condition}, "staff:2")
    assert (again.id, again.condition, again.saved_by) == (first.id, {"not": condition}, "staff:2")
    assert [one.name for one in await stock.segments()] == ["高价值 客户"]
    for name in ("", "x" * 101, "a\x07"):
        with pytest.raises(BadField):
            await stock.save_segment(name, condition, "staff:1")
    with pytest.raises(BadSegment):
        await stock.save_segment("bad", {"field": "x"}, "staff:1")
    await stock.remove_segment(first.id)
    assert await stock.segments() == []
    with pytest.raises(UnknownRecord):
        await stock.remove_segment(first.id)


async def test_a_callers_transaction_keeps_its_settings(engine, stock):
    async with engine.begin() as connection:
        before = (await connection.execute(text("SHOW statement_timeout"))).scalar_one()
        assert await stock.within(connection).count_segment({"field": "kind", "is": "person"}) == 0
        assert (await connection.execute(text("SHOW statement_timeout"))).scalar_one() == before
        assert (await connection.execute(text("SHOW work_mem"))).scalar_one() != "128MB"

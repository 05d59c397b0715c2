"""Returns, exchanges, repairs, technical support, through whole turns (SV1)."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from crm_adapter.records.customers import Provenance
from crm_adapter.records.value import NewOrder
from tests.integration.flows.case_talk import House

ADDRESS = "上海市徐汇区漕溪北路398号2栋301室"


@pytest_asyncio.fixture
async def house(pool, engine, settings):
    return await House.open(pool, engine, settings)


@pytest.mark.parametrize(
    ("flow", "kind", "reason", "category"),
    [
        ("return_goods", "return", "不想要了", "unwanted"),
        ("exchange_goods", "exchange", "有划痕", "damaged"),
        ("repair", "repair", "不加热了，昨天开始", "repair"),
    ],
)
async def test_what_is_picked_up_or_visited_has_a_time_and_a_place(house, flow, kind, reason, category):
    owner = await house.employ("fang")
    customer = house.customer()
    await customer.tap(f"start({flow})")
    await customer.bought("A20261122001", 19_900, "电水壶")
    needed = await customer.say("A20261122001")
    assert "天内" in needed or "保修 12 个月" in needed
    await customer.say(reason)
    if kind == "exchange":
        await customer.say("换同款就行")
    assert len(customer.choices) == 7
    slot = customer.choices[3]
    assert "地址" in await customer.say("第四个")
    await customer.say(ADDRESS)
    summary = await customer.say("13800138000")
    for shown in ("A20261122001 · 电水壶", slot["label"], ADDRESS, "+8613800138000"):
        assert shown in summary
    assert await customer.cases() == []
    answer = await customer.say("对")
    (case,) = await customer.cases()
    assert case.number in answer
    assert slot["label"] in answer
    assert (case.kind, case.category, case.order_ref, case.owner_id) == (kind, category, "A20261122001", owner)
    assert case.details == {
        "product": "电水壶",
        "address": ADDRESS,
        "slot": slot["id"].removeprefix("SetSlots(service_slot=").removesuffix(")"),
    }
    assert case.first_due_at - case.opened_at == timedelta(hours=24)


async def test_technical_support_needs_no_visit(house):
    customer = house.customer(locale="en")
    await customer.tap("start(technical_support)")
    await customer.tap("skip")
    await customer.say("The display shows E4 since yesterday")
    summary = await customer.tap("skip")
    assert "E4" in summary
    assert "Appointment" not in summary
    answer = await customer.say("yes")
    (case,) = await customer.cases()
    assert case.number in answer
    assert (case.kind, case.category, case.details) == ("after_sales", "support", {})


async def test_a_time_that_is_not_offered_is_asked_for_again_and_words_are_understood(house):
    customer = house.customer()
    await customer.tap("start(repair)")
    await customer.tap("skip")
    await customer.say("不通电")
    again = await customer.say("2020年1月1日")
    assert "不能安排" in again
    assert len(customer.choices) == 7
    wanted = next(choice for choice in customer.choices if "13:00" in choice["label"])
    await customer.say("下午")
    await customer.say(ADDRESS)
    assert wanted["label"] in await customer.say("13800138000")


@pytest.mark.parametrize("said", [["都不方便"], ["2020年1月1日", "月底那几天再看"], ["周末"]])
async def test_whom_no_time_suits_is_called_and_what_was_said_is_known(house, said):
    customer = house.customer()
    await customer.tap("start(repair)")
    await customer.tap("skip")
    await customer.say("不通电")
    for words in said:
        told = await customer.say(words)
    assert "由客服联系您约定" in told
    assert "地址" in told
    await customer.say(ADDRESS)
    assert f"由客服联系您约定 · {said[-1]}" in await customer.say("13800138000")
    await customer.say("对")
    (case,) = await customer.cases()
    assert said[-1] in case.matter
    assert "slot" not in case.details


async def test_an_address_that_comes_ahead_of_its_question_is_kept(house):
    customer = house.customer()
    await customer.tap("start(repair)")
    await customer.tap("skip")
    await customer.say("不通电")
    told = await customer.say(ADDRESS)
    assert "不能安排" not in told
    assert "师傅上门" in told
    assert "怎样联系您" in await customer.say("第一个")
    assert ADDRESS in await customer.say("13800138000")


async def test_the_button_for_whom_no_time_suits(house):
    customer = house.customer()
    await customer.tap("start(repair)")
    await customer.tap("skip")
    await customer.say("不通电")
    assert "上门地址" in await customer.say("都不行，请联系我约时间")
    await customer.say(ADDRESS)
    assert "上门时间：由客服联系您约定\n" in await customer.say("13800138000")


@pytest.mark.parametrize(("said", "place"), [("越快越好", 0), ("第二个都行", 1), ("都行", 0)])
async def test_who_takes_any_time_gets_the_one_that_was_meant(house, said, place):
    customer = house.customer()
    await customer.tap("start(repair)")
    await customer.tap("skip")
    await customer.say("不通电")
    wanted = customer.choices[place]["label"]
    await customer.say(said)
    await customer.say(ADDRESS)
    assert wanted in await customer.say("13800138000")


@pytest.mark.parametrize(
    ("point", "words", "shown"),
    [
        ("order", "B20261122009", "B20261122009"),
        ("reason", "发错了", "发错"),
        ("slot", "第一个", "09:00"),
        ("address", "北京市海淀区中关村大街1号", "中关村大街1号"),
        ("contact", "13900139000", "+8613900139000"),
    ],
)
async def test_every_point_can_be_corrected(house, point, words, shown):
    customer = house.customer()
    await customer.tap("start(return_goods)")
    for said in ("A20261122001", "不想要了", "第二个", ADDRESS, "13800138000"):
        await customer.say(said)
    await customer.say("不对")
    await customer.tap(f"SetSlots(service_change={point})")
    assert shown in await customer.say(words)
    await customer.say("对")
    assert len(await customer.cases()) == 1


async def test_the_address_that_is_known_is_offered_in_part(house):
    customer = house.customer()
    await customer.tap("start(return_goods)")
    known = Provenance("test", "staff:1", datetime.now(UTC))
    await house.store.set_fields(await customer.contact(), {"address": ADDRESS}, known)
    for said in ("A20261122001", "不想要了", "第二个"):
        await customer.say(said)
    assert customer.choices[0]["label"] == "上海市徐汇区***1室"
    assert ADDRESS not in await customer.tap("SetSlots(service_address=known)")
    await customer.tap("skip")
    await customer.say("对")
    (case,) = await customer.cases()
    assert case.details["address"] == ADDRESS


async def test_an_order_past_its_time_is_told_and_registered_all_the_same(house):
    customer = house.customer()
    await customer.tap("start(return_goods)")
    old = datetime.now(UTC) - timedelta(days=30)
    await house.store.put_order(NewOrder(await customer.contact(), "shop", "A20261022001", old, 100))
    assert "超过期限" in await customer.say("A20261022001")

"""Complaints, from the customer's words to the case, through whole turns (CO1, CO2, CO6, SL2)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from bot.settings.service import Cases, Service, Settlement
from crm_adapter.records.customers import Provenance
from tests.integration.flows.case_talk import House

OFFER = {"zh-Hans": "全额退款 59 元。", "zh-Hant": "全額退款 59 元。", "en": "a full refund of 59 yuan."}


@pytest_asyncio.fixture
async def house(pool, engine, settings):
    rule = Settlement(name="small", categories=("product", "delivery"), below=10_000, offer=OFFER)
    service = Service(cases=Cases(settlements=(rule,)))
    return await House.open(pool, engine, settings.model_copy(update={"service": service}))


async def fill(customer, matter="水壶漏水，用了三天就坏了"):
    """Until the summary."""
    await customer.tap("start(open_complaint)")
    await customer.say(matter)
    await customer.tap("skip")
    await customer.say("退款")
    return await customer.say("13800138000")


async def test_a_complaint_becomes_a_case_with_number_owner_and_promise(house):
    owner = await house.employ("fang")
    customer = house.customer()
    assert "发生了什么" in await customer.tap("start(open_complaint)")
    assert "哪个订单" in await customer.say("水壶漏水，用了三天就坏了")
    assert "怎样处理" in await customer.tap("skip")
    assert "怎样联系" in await customer.say("退款")
    summary = await customer.say("13800138000")
    for shown in ("水壶漏水", "产品质量", "退款", "+8613800138000", "订单：无"):
        assert shown in summary
    assert await customer.cases() == []
    answer = await customer.say("对")
    (case,) = await customer.cases()
    assert case.number in answer
    assert "王芳" in answer
    assert "48 小时" in answer
    assert (case.kind, case.category, case.state, case.owner_id) == ("complaint", "product", "open", owner)
    assert (case.matter, case.remedy, case.reach) == ("水壶漏水，用了三天就坏了", "退款", "+8613800138000")
    assert case.first_due_at - case.opened_at == timedelta(hours=48)
    assert case.conversation_id == customer.last.conversation_id
    assert case.events[0].by == "customer"


async def test_words_that_leave_a_doubt_are_asked_about_and_choices_come_from_the_settings(house):
    customer = house.customer(locale="en")
    await customer.tap("start(open_complaint)")
    assert "about" in await customer.say("I am simply not happy")
    assert [choice["label"] for choice in customer.choices[:2]] == ["Product quality", "Delivery"]
    await customer.say("2")
    await customer.tap("skip")
    assert [choice["label"] for choice in customer.choices[:1]] == ["A refund"]
    await customer.say("I want my money back and a card with flowers")
    summary = await customer.tap("skip")
    assert "Delivery" in summary
    assert "in this chat" in summary
    await customer.say("yes")
    (case,) = await customer.cases()
    assert (case.category, case.remedy, case.reach) == (
        "delivery",
        "I want my money back and a card with flowers",
        None,
    )


@pytest.mark.parametrize(
    ("point", "words", "shown"),
    [
        ("matter", "安装师傅没来", "安装与维修"),
        ("category", "物流配送", "物流配送"),
        ("order", "A20261122001", "A20261122001"),
        ("remedy", "换货", "换货"),
        ("contact", "13900139000", "+8613900139000"),
        ("contact", "邮箱是 a@example.com", "a@example.com"),
    ],
)
async def test_every_point_can_be_corrected_from_the_summary(house, point, words, shown):
    customer = house.customer()
    await fill(customer)
    await customer.say("不对")
    await customer.tap(f"SetSlots(complaint_change={point})")
    assert shown in await customer.say(words)
    await customer.say("对")
    (case,) = await customer.cases()
    kept = (case.matter, case.category, case.order_ref, case.remedy, case.reach)
    assert words in kept or case.category in ("installation", "delivery") or case.reach == shown


async def test_a_correction_in_one_sentence(house):
    customer = house.customer()
    await fill(customer)
    assert "+8613900139000" in await customer.say("不对，电话是13900139000")
    await customer.say("对")
    (case,) = await customer.cases()
    assert case.reach == "+8613900139000"


async def test_a_bad_phone_is_told_and_asked_for_again(house):
    customer = house.customer()
    await customer.tap("start(open_complaint)")
    await customer.say("水壶漏水")
    await customer.tap("skip")
    await customer.say("维修")
    again = await customer.say("1380013")
    assert "怎样联系" in again
    assert "核对" in await customer.say("13800138000")


async def test_known_ways_to_reach_are_offered_in_part_and_kept_whole(house):
    customer = house.customer()
    await customer.tap("start(open_complaint)")
    await house.store.set_fields(
        await customer.contact(), {"phone": "13700137000"}, Provenance("test", "staff:1", datetime.now(UTC))
    )
    await customer.say("水壶漏水")
    await customer.tap("skip")
    await customer.say("维修")
    assert customer.choices[0]["label"].endswith("****7000")
    assert "0137" not in str(customer.choices)
    summary = await customer.tap("SetSlots(case_phone=known)")
    assert "****7000" in summary
    await customer.say("好的")
    (case,) = await customer.cases()
    assert case.reach.endswith("13700137000")


async def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(house):
    customer = house.customer()
    await customer.tap("start(open_complaint)")
    await customer.say("水壶漏水")
    answer = await customer.say("运费谁出？")
    assert "由我们承担运费" in answer
    assert "哪个订单" in answer


async def test_a_small_order_is_settled_at_once_with_record_owner_and_task(house):
    await house.employ("fang")
    customer = house.customer()
    await customer.tap("start(open_complaint)")
    await customer.bought("A20261122001", 5_900, "水壶")
    await customer.say("水壶漏水")
    assert customer.choices[0]["label"] == "A20261122001 · 水壶"
    await customer.say("第一个")
    await customer.say("退款")
    assert "水壶" in await customer.tap("skip")
    assert "全额退款 59 元" in await customer.say("对")
    answer = await customer.say("接受")
    (case,) = await customer.cases()
    assert case.number in answer
    assert [event.to_state for event in case.events] == ["open", "answered", "resolved"]
    assert case.events[1].told == OFFER["zh-Hans"]
    (task,) = await house.store.tasks(case.contact_id)
    assert (task.kind, task.case_id, task.owner_id) == ("settlement", case.id, case.owner_id)


@pytest.mark.parametrize(("amount", "staffed"), [(20_000, True), (5_900, False)])
async def test_nothing_is_promised_that_no_rule_allows_or_nobody_keeps(house, amount, staffed):
    if staffed:
        await house.employ("fang")
    customer = house.customer()
    await customer.tap("start(open_complaint)")
    await customer.bought("A20261122001", amount, "水壶")
    for words in ("水壶漏水", "第一个", "退款"):
        await customer.say(words)
    await customer.tap("skip")
    answer = await customer.say("对")
    (case,) = await customer.cases()
    assert case.number in answer
    assert case.state == "open"
    assert "全额退款" not in answer
    assert ("王芳" in answer) is staffed
    assert ("客户服务主管" in answer) is not staffed


async def test_an_offer_that_is_declined_leaves_the_case_to_a_person(house):
    await house.employ("fang")
    customer = house.customer()
    await customer.tap("start(open_complaint)")
    await customer.bought("A20261122001", 5_900, "水壶")
    for words in ("水壶漏水", "第一个", "赔偿"):
        await customer.say(words)
    await customer.tap("skip")
    await customer.say("对")
    await customer.say("不接受")
    (case,) = await customer.cases()
    assert case.state == "open"
    assert case.order_ref == "A20261122001"
    assert case.details == {"product": "水壶"}


async def test_the_same_message_twice_is_one_case(house):
    customer = house.customer()
    await fill(customer)
    inbound = customer.inbound({"text": "对"}, "confirmed")
    takens = await asyncio.gather(*(house.turns.take(inbound) for _ in range(5)))
    assert len({str(taken.answers[0].body) for taken in takens}) == 1
    assert len(await customer.cases()) == 1


async def test_two_complaints_of_one_conversation_are_two_cases(house):
    customer = house.customer()
    await fill(customer)
    await customer.say("对")
    await fill(customer, "快递少发了一件")
    await customer.say("对")
    assert [case.category for case in await customer.cases()] == ["delivery", "product"]


async def test_the_owner_is_who_has_fewest_open_cases(house):
    first, second = await house.employ("fang"), await house.employ("jun", display="李军")
    customer = house.customer()
    for _ in range(2):
        await fill(customer)
        await customer.say("对")
    assert {case.owner_id for case in await customer.cases()} == {first, second}


async def test_anger_makes_it_urgent(house):
    customer = house.customer()
    await fill(customer, "水壶漏水，太过分了，我要去消协")
    await customer.say("对")
    (case,) = await customer.cases()
    assert case.priority == "high"


async def test_anger_before_the_form_makes_what_is_opened_and_who_waits_urgent(house):
    customer = house.customer()
    await customer.say("你们太过分了，再不处理我就打12315！")
    await fill(customer)
    await customer.say("对")
    (case,) = await customer.cases()
    assert case.priority == "high"
    await customer.say("转人工")
    await customer.say("转人工")
    async with house.engine.connect() as connection:
        row = (await connection.execute(text("SELECT owner, urgent FROM bot.conversations"))).one()
    assert tuple(row) == ("queue", True)
    calm = house.customer("visitor:2")
    await fill(calm)
    await calm.say("对")
    (case,) = await calm.cases()
    assert case.priority == "normal"


async def test_cancelling_asks_back_and_opens_nothing(house):
    customer = house.customer()
    await fill(customer)
    await customer.say("算了")
    await customer.say("是")
    assert await customer.cases() == []


async def test_files_sent_in_this_message_belong_to_the_case(house):
    customer = house.customer()
    await fill(customer)
    blob = {"id": "01a20195-0000-7000-8000-000000000009", "name": "leak.png", "type": "image/png", "size": 3}
    await customer.send({"text": "对", "attachments": [blob]})
    (case,) = await customer.cases()
    assert case.details["files"] == [blob]


async def test_a_correction_does_again_only_what_depends_on_it(house):
    customer = house.customer()
    await customer.tap("start(open_complaint)")
    await customer.say("水壶漏水，用了三天就坏了")
    assert "不在您的订单记录里" in await customer.say("A20261102")
    await customer.say("退款")
    await customer.say("13800138000")
    said = await customer.tap("SetSlots(complaint_remedy=exchange)")
    assert "期望：换货" in said
    said = await customer.tap("SetSlots(complaint_category=delivery)")
    assert "物流" in said or "配送" in said
    assert "不在您的订单记录里" not in said
    assert "不在您的订单记录里" in await customer.tap("SetSlots(case_order=A20261103)")

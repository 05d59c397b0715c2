"""A customer follows their own cases: status, additions, solutions, disputes, news (CO2, CO3, CO4, SV3)."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from crm_adapter.records.service import NewCase
from tests.integration.flows.case_talk import House


@pytest_asyncio.fixture
async def house(pool, engine, settings):
    return await House.open(pool, engine, settings)


@pytest_asyncio.fixture
async def staff(house):
    return f"staff:{await house.employ('fang')}"


async def case_of(house, customer, kind="complaint", matter="水壶漏水"):
    """A case of the customer's."""
    if customer.last is None:
        await customer.say("你好")
    new = NewCase(await customer.contact(), kind, "product", matter, (customer.inbound({})).received_at, "customer")
    return await house.store.open_case(matter, new)


async def move(house, case, staff, *states, told=None):
    """Takes steps."""
    for state in states:
        case = await house.store.transition_case(
            case.id, state, staff, "for staff only", told=told, root_cause="product"
        )
    return case


async def test_the_only_open_case_is_told_without_asking(house, staff):
    customer = house.customer()
    case = await case_of(house, customer)
    await move(house, case, staff, "investigating", "planned", told="周三前换新")
    answer = await customer.tap("start(follow_case)")
    for shown in (case.number, "已有处理方案", "周三前换新", "王芳"):
        assert shown in answer
    assert "for staff only" not in answer
    wishes = ["add", "urge", "withdraw", "nothing"]
    assert [choice["id"] for choice in customer.choices] == [f"SetSlots(case_wish={wish})" for wish in wishes]
    assert "会告诉您" in await customer.say("不用了")


async def test_several_cases_are_offered_and_numbers_are_read_as_people_write_them(house, staff):
    customer = house.customer()
    first, second = await case_of(house, customer), await case_of(house, customer, matter="少发了")
    await customer.tap("start(follow_case)")
    assert {choice["label"][:13] for choice in customer.choices} == {first.number, second.number}
    assert first.number in await customer.say(first.number.lower().replace("-", " "))


async def test_a_foreign_number_is_as_good_as_none(house):
    other, customer = house.customer("visitor:2"), house.customer()
    foreign = await case_of(house, other)
    await customer.tap("start(follow_case)")
    told = await customer.say(foreign.number)
    assert told.startswith("没有找到")
    assert await customer.say("C261122-22222") == told
    assert "人工客服" in await customer.say(foreign.number)


async def test_something_is_added_and_the_owner_reminded(house, staff):
    customer = house.customer()
    case = await case_of(house, customer)
    await move(house, case, staff, "investigating")
    await customer.tap("start(follow_case)")
    await customer.say("补充")
    assert case.number in await customer.say("现在还冒烟了")
    (kept,) = await customer.cases()
    assert (kept.events[-1].by, kept.events[-1].note) == ("customer", "现在还冒烟了")
    (task,) = await house.store.tasks(kept.contact_id)
    assert (task.kind, task.owner_id, task.case_id) == ("case_addition", kept.owner_id, case.id)


async def test_a_case_without_an_owner_is_in_the_hands_of_the_desk(house):
    customer = house.customer()
    await case_of(house, customer)
    told = await customer.tap("start(follow_case)")
    assert house.settings.service.cases.owner_title["zh-Hans"] in told
    assert "负责人：无" not in told


async def test_a_case_is_urged_once_a_day(house, staff):
    customer = house.customer()
    case = await case_of(house, customer)
    await move(house, case, staff, "investigating")
    await customer.tap("start(follow_case)")
    assert "已提醒" in await customer.say("催一下")
    await customer.tap("start(follow_case)")
    assert "已经催办过" in await customer.tap("SetSlots(case_wish=urge)")
    (kept,) = await customer.cases()
    assert [(event.by, event.from_state == event.to_state) for event in kept.events[-2:]] == [
        (staff, False),
        ("customer", True),
    ]
    (task,) = await house.store.tasks(kept.contact_id)
    assert (task.kind, task.owner_id, task.case_id) == ("case_urge", kept.owner_id, case.id)
    customer.now = datetime.now(UTC) + timedelta(hours=25)
    await customer.tap("start(follow_case)")
    assert "已提醒" in await customer.tap("SetSlots(case_wish=urge)")
    assert len(await house.store.tasks(kept.contact_id)) == 2


async def test_a_case_is_withdrawn_after_a_question(house, staff):
    customer = house.customer()
    case = await case_of(house, customer)
    await move(house, case, staff, "investigating")
    await customer.tap("start(follow_case)")
    assert "确定要撤回吗" in await customer.say("撤回")
    assert case.number in await customer.say("不")
    (kept,) = await customer.cases()
    assert kept.state == "investigating"
    await customer.tap("start(follow_case)")
    await customer.tap("SetSlots(case_wish=withdraw)")
    assert "已按您的要求撤回" in await customer.say("确定")
    (kept,) = await customer.cases()
    assert (kept.state, kept.events[-1].by) == ("closed", "customer")


async def test_a_case_that_is_carried_out_is_ended_by_its_owner(house, staff):
    customer = house.customer()
    case = await case_of(house, customer)
    await move(house, case, staff, "investigating", "planned", "executing")
    await customer.tap("start(follow_case)")
    await customer.tap("SetSlots(case_wish=withdraw)")
    assert "需要负责人确认" in await customer.say("是")
    (kept,) = await customer.cases()
    assert kept.state == "executing"
    (task,) = await house.store.tasks(kept.contact_id)
    assert (task.kind, task.case_id) == ("case_withdrawal", case.id)


async def test_what_is_no_number_is_not_looked_for(house, staff):
    customer = house.customer()
    await customer.tap("start(follow_case)")
    assert "不像编号" in await customer.say("不记得放在哪里")
    assert {choice["id"] for choice in customer.choices} >= {"person"}


async def test_a_solution_is_accepted(house, staff):
    customer = house.customer()
    case = await move(house, await case_of(house, customer), staff, "answered", told="退款 59 元")
    await customer.tap("start(follow_case)")
    assert [choice["label"] for choice in customer.choices][:2] == ["接受处理结果", "不接受"]
    assert case.number in await customer.say("接受")
    (kept,) = await customer.cases()
    assert (kept.state, kept.events[-1].by) == ("resolved", "customer")


@pytest.mark.parametrize(
    ("states", "path", "state"),
    [
        (("answered",), "继续协商", "reopened"),
        (("answered",), "申请第三方调解", "mediation"),
        (("answered", "mediation"), "诉讼", "litigation"),
    ],
)
async def test_a_refusal_leads_on_and_every_step_is_recorded(house, staff, states, path, state):
    customer = house.customer()
    await move(house, await case_of(house, customer), staff, *states)
    await customer.tap("start(follow_case)")
    await customer.tap("SetSlots(case_wish=refuse)")
    ways = await customer.say("赔得太少")
    for step in ("协商", "调解", "诉讼"):
        assert step in ways
    await customer.say(path)
    (kept,) = await customer.cases()
    assert (kept.state, kept.events[-1].note, kept.events[-1].by) == (state, "赔得太少", "customer")


async def test_a_step_that_is_not_open_is_not_taken(house, staff):
    customer = house.customer()
    await move(house, await case_of(house, customer), staff, "answered")
    await customer.tap("start(follow_case)")
    await customer.tap("SetSlots(case_wish=refuse)")
    await customer.say("赔得太少")
    assert "还不能走这一步" in await customer.say("起诉")
    await customer.say("调解")
    (kept,) = await customer.cases()
    assert kept.state == "mediation"


async def test_a_closed_case_is_taken_up_again(house, staff):
    customer = house.customer()
    case = await move(house, await case_of(house, customer), staff, "answered", "resolved", "closed")
    await customer.tap("start(follow_case)")
    await customer.tap(f"SetSlots(case_number={case.number})")
    await customer.say("问题还在")
    assert "24 小时" in await customer.say("又漏水了")
    (kept,) = await customer.cases()
    assert (kept.state, kept.events[-1].note) == ("reopened", "又漏水了")


async def test_what_staff_did_meanwhile_is_not_overrun(house, staff):
    customer = house.customer()
    case = await move(house, await case_of(house, customer), staff, "answered")
    await customer.tap("start(follow_case)")
    await move(house, case, staff, "closed")
    assert "新的进展" in await customer.tap("SetSlots(case_wish=accept)")
    assert (await customer.cases())[0].state == "closed"


async def test_news_are_told_with_what_is_meant_for_the_customer(house, staff):
    customer = house.customer()
    case = await move(house, await case_of(house, customer), staff, "investigating", told="已联系仓库")
    told = await customer.happens("case_changed", case_id=str(case.id), case_version=case.version)
    assert "正在调查" in told
    assert "已联系仓库" in told
    assert "for staff only" not in told


@pytest.mark.parametrize(("words", "state"), [("接受", "resolved"), ("不接受", "reopened")])
async def test_a_solution_is_put_to_the_customer(house, staff, words, state):
    customer = house.customer()
    case = await move(house, await case_of(house, customer), staff, "answered", told="退款 59 元")
    told = await customer.happens("case_changed", case_id=str(case.id), case_version=case.version)
    assert "退款 59 元" in told
    assert "接受这个结果吗" in told
    await customer.say(words)
    if state == "reopened":
        await customer.say("太少")
        await customer.say("继续协商")
    assert (await customer.cases())[0].state == state


async def test_news_do_not_disturb_a_form(house, staff):
    customer = house.customer()
    case = await move(house, await case_of(house, customer), staff, "investigating")
    await customer.tap("start(open_complaint)")
    await customer.say("快递少发了")
    told = await customer.happens("case_changed", case_id=str(case.id), case_version=case.version)
    assert case.number in told
    assert "怎样处理" in await customer.tap("skip")


async def test_a_suggestion_is_recorded_and_its_end_is_told(house, staff):
    customer = house.customer()
    await customer.tap("start(suggestion)")
    answer = await customer.say("希望包装少用塑料")
    (case,) = await customer.cases()
    assert case.number in answer
    assert (case.kind, case.matter, case.first_due_at) == ("suggestion", "希望包装少用塑料", None)
    closed = await house.store.transition_case(case.id, "closed", staff, "", told="明年改用纸盒。")
    told = await customer.happens("case_changed", case_id=str(case.id), case_version=closed.version)
    assert "您的建议" in told
    assert "明年改用纸盒" in told

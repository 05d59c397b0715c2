"""Anger and the threat to complain elsewhere make a case urgent that its customer follows (CO4)."""

import pytest

from bot.handlers.cases import RAISED
from tests.integration.flows.case_talk import House
from tests.integration.flows.test_cases import case_of, move

ANGRY = "你们太过分了，再不处理我就打12315！"


@pytest.mark.parametrize(
    "words",
    [
        ["你们这些骗子"],
        ["我的投诉怎么样了", ANGRY],
        ["我的投诉怎么样了", "补充", "冰箱里的肉全坏了，我要去消协投诉"],
        ["我的投诉怎么样了", "催一下", "我的投诉怎么样了", ANGRY],
        ["我的投诉怎么样了", f"{ANGRY}转人工"],
        [ANGRY, "我的投诉怎么样了"],
    ],
)
async def test_anger_while_a_case_is_followed_raises_its_priority_once(pool, engine, settings, words):
    house = await House.open(pool, engine, settings)
    customer = house.customer()
    await case_of(house, customer)
    await customer.tap("start(follow_case)")
    for each in words:
        if each == "我的投诉怎么样了":
            await customer.tap("start(follow_case)")
        else:
            await customer.say(each)
    await customer.tap("start(follow_case)")
    (kept,) = await customer.cases()
    assert kept.priority == "high"
    assert [event.note for event in kept.events].count(RAISED) == 1


async def test_calm_words_and_foreign_numbers_raise_nothing(pool, engine, settings):
    house = await House.open(pool, engine, settings)
    other, customer = house.customer("visitor:2"), house.customer()
    foreign = await case_of(house, other)
    await case_of(house, customer, matter="门关不上")
    await customer.tap("start(follow_case)")
    await customer.say("补充")
    await customer.say("门也关不上")
    (kept,) = await customer.cases()
    assert (kept.priority, kept.events[-1].note) == ("normal", "门也关不上")
    stranger = house.customer("visitor:3")
    await stranger.tap("start(follow_case)")
    await stranger.say(f"{foreign.number}，{ANGRY}")
    (kept,) = await other.cases()
    assert (kept.priority, len(kept.events)) == ("normal", 1)


async def test_a_refused_solution_and_a_case_taken_up_again_are_urgent_too(pool, engine, settings):
    house = await House.open(pool, engine, settings)
    staff = f"staff:{await house.employ('fang')}"
    customer = house.customer()
    case = await move(house, await case_of(house, customer), staff, "answered")
    await customer.happens("case_changed", case_id=str(case.id), case_version=case.version)
    await customer.say("不接受")
    await customer.say("赔得太少，我要去法院告你们")
    await customer.say("继续协商")
    (kept,) = await customer.cases()
    assert (kept.state, kept.priority) == ("reopened", "high")
    again = house.customer("visitor:2")
    case = await move(house, await case_of(house, again, matter="又坏了"), staff, "answered", "resolved", "closed")
    await again.tap("start(follow_case)")
    await again.tap(f"SetSlots(case_number={case.number})")
    await again.say("问题还在")
    await again.say("又漏水了，垃圾公司")
    (kept,) = await again.cases()
    assert (kept.state, kept.priority) == ("reopened", "high")

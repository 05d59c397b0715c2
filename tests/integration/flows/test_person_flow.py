"""The flow "talk to a person" in whole turns: with people at the desk, outside hours, and back to the assistant."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.desk.steps import Desk, Step
from bot.desk.waiting import read_queue
from bot.realtime.in_memory import InMemory
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.pool import Pool
from tests.integration.console_client import make_staff, told_to_nobody
from tests.integration.desk_customers import rows
from tests.integration.flows.case_talk import Customer, House

OWNERS = "SELECT owner, fence FROM bot.conversations WHERE closed_at IS NULL"


@pytest.fixture
async def house(pool: Pool, engine: AsyncEngine, settings: Settings) -> House:
    return await House.open(pool, engine, settings)


def ids(customer: Customer) -> list[str]:
    return [choice["id"] for choice in customer.choices]


async def test_with_a_person_there_one_question_at_most(house: House, engine: AsyncEngine) -> None:
    await make_staff(engine, "mei", "agent")
    customer = house.customer()
    assert "用一句话说明" in await customer.say("转人工")
    assert "skip" in ids(customer)
    told = await customer.say("洗衣机坏了两次，要退款")
    assert "第 1 位" in told
    assert "分钟" not in told  # nobody has been taken yet: nothing is known, nothing promised
    assert await rows(engine, OWNERS) == [("queue", 1)]
    async with engine.connect() as connection:
        ((visit,), waiting) = await read_queue(connection, KEYS)
    assert waiting == 1
    assert visit.note is not None
    assert visit.note["reason"] == "洗衣机坏了两次，要退款"
    assert await customer.tap("bot")
    assert await rows(engine, OWNERS) == [("bot", 2)]


async def test_what_is_known_is_not_asked(house: House, engine: AsyncEngine) -> None:
    await make_staff(engine, "mei", "agent")
    customer = house.customer()
    assert "质量问题" in await customer.say("运费谁出")
    assert "第 1 位" in await customer.say("转人工")
    async with engine.connect() as connection:
        ((visit,), _) = await read_queue(connection, KEYS)
    assert visit.note is not None
    assert (visit.note["asked"], visit.note["tried"]) == (["运费谁出"], ["运费谁出？"])

    # Who has waited lately tells the next one how long it takes.
    desk = Desk(engine, KEYS, InMemory(), told_to_nobody)
    agent = (await make_staff(engine, "li", "agent")).id
    await desk.take(Step(visit.conversation_id, visit.conversation_id, agent))
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO bot.desk_steps (id, conversation_id, agent_id, kind, fence, waited_s)"
            " SELECT gen_random_uuid(), conversation_id, agent_id, kind, fence, 150"
            " FROM bot.desk_steps, generate_series(1, 4)"
        )
    another = house.customer("visitor:2")
    await another.say("运费谁出")
    assert "大约要等 3 分钟" in await another.say("转人工")


@pytest.mark.parametrize("locale", ["zh-Hans", "zh-Hant", "en"])
async def test_with_nobody_there_a_message_is_a_task(house: House, engine: AsyncEngine, locale: str) -> None:
    customer = house.customer(locale=locale)
    await customer.say({"zh-Hans": "转人工", "zh-Hant": "轉真人客服", "en": "talk to a person"}[locale])
    assert "SetSlots(person_way=message)" in ids(customer)
    await customer.tap("SetSlots(person_way=message)")
    await customer.say("我的订单 A1024 一直没有发货")
    await customer.say("13800138000")
    told = await customer.tap("SetSlots(person_call_at=any)")
    assert "13800138000" in told
    assert await rows(engine, OWNERS) == [("bot", 0)]
    (task,) = await house.store.tasks(await customer.contact())
    assert task.kind == "call_back"
    assert task.subject is not None
    assert "A1024" in task.subject
    within = house.settings.service.answer_within_h
    assert timedelta(0) < task.due_at - datetime.now(UTC) <= timedelta(hours=within)


async def test_one_may_wait_for_an_answer_or_go_on(house: House, engine: AsyncEngine) -> None:
    customer = house.customer()
    assert "没有客服在线" in await customer.say("转人工")
    assert "随时说" in await customer.tap("SetSlots(person_way=bot)")
    await customer.say("转人工")
    told = await customer.tap("SetSlots(person_way=wait)")
    assert f"{house.settings.service.answer_within_h:g} 小时" in told
    assert await rows(engine, OWNERS) == [("queue", 1)]


async def test_who_insists_waits_for_a_person(house: House, engine: AsyncEngine) -> None:
    customer = house.customer()
    await customer.say("转人工")
    await customer.say("我要人工！！")
    assert await rows(engine, OWNERS) == [("queue", 1)]


async def test_outside_the_hours_the_next_opening_is_told(pool: Pool, engine: AsyncEngine, settings: Settings) -> None:
    await make_staff(engine, "mei", "agent")
    tomorrow = (datetime.now(settings.service.zone) + timedelta(days=1)).strftime("%A").lower()
    hours = {"hours": {tomorrow: ["09:00-18:00"], "holidays": False}}
    closed = Settings(**{**settings.model_dump(), "service": hours})
    house = await House.open(pool, engine, closed)
    assert " 09:00 开始" in await house.customer().say("转人工")

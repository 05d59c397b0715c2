"""A form meets another version of its flow at another server, and goes on where its customer comes back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.settings import Settings
from bot.storage.pool import Pool
from tests.integration.flows.case_talk import Customer, House

FLOW = """
flows:
  gift_card:
    name: 礼品卡
    translation: {zh-Hant: 禮品卡, en: Gift card}
    description: A gift card is bought.
    steps:
      - {id: whom, collect: gift_whom}
      - {id: words, collect: gift_words}
      - {id: done, action: utter_gift}
slots:
  gift_whom: {type: text, yingda: {kind: name}}
  gift_words: {type: text}
responses:
  utter_ask_gift_whom: [{text: 送给谁？, translation: {zh-Hant: 送給誰？, en: For whom?}}]
  utter_ask_gift_words: [{text: 写什么？, translation: {zh-Hant: 寫什麼？, en: What shall it say?}}]
  utter_gift: [{text: "给{gift_whom}：{gift_words}", translation: {zh-Hant: "給{gift_whom}：{gift_words}", en: "For {gift_whom}: {gift_words}"}}]
"""  # noqa: E501
CHANGED = FLOW.replace("写什么？", "卡上印什么字？").replace("id: words", "id: printed").replace('"给', '"寄给')


def company(settings: Settings, folder: Path, flow: str) -> Settings:
    """A house whose own flows are this one."""
    folder.mkdir(exist_ok=True)
    (folder / "gift_card.yml").write_text(flow, encoding="utf-8")
    return settings.model_copy(update={"flows": settings.flows.model_copy(update={"folder": folder})})


def at(house: House, customer: Customer) -> Customer:
    """The same customer, whose next message another server takes."""
    there = house.customer(customer.identity, customer.locale)
    there.now, there.last = customer.now, customer.last
    return there


async def test_a_form_goes_on_with_its_version_wherever_its_next_message_is_taken(
    pool: Pool, engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    before = await House.open(pool, engine, company(settings, tmp_path / "old", FLOW))
    customer = before.customer()
    await customer.tap("start(gift_card)")
    assert "写什么？" in await customer.say("小明")
    restarted = await House.open(pool, engine, company(settings, tmp_path / "new", CHANGED))
    customer = at(restarted, customer)
    assert "给小明：生日快乐" in (said := await customer.say("生日快乐"))
    assert "寄给" not in said, "what it had begun with is what it ends with"
    await customer.tap("start(gift_card)")
    assert "卡上印什么字？" in await customer.say("小红")
    # A server that still has the old files takes the next message of a form of the new version.
    assert "寄给小红：新年好" in await at(before, customer).say("新年好")


async def test_a_form_moves_to_the_new_version_where_that_says_so(
    pool: Pool, engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    before = await House.open(pool, engine, company(settings, tmp_path / "flows", FLOW))
    customer = before.customer()
    await customer.tap("start(gift_card)")
    await customer.say("小明")
    old = before.talk.catalogue.current.flows["gift_card"].content_hash
    moving = CHANGED.replace("    steps:", f"    yingda: {{moves: {{'{old[:12]}': {{words: printed}}}}}}\n    steps:")
    company(settings, tmp_path / "flows", moving)
    assert await before.talk.catalogue.refresh()
    assert "寄给小明：生日快乐" in await customer.say("生日快乐")


async def fall_silent(customer: Customer) -> list[str]:
    """What is said in a quarter of a day without a word."""
    said = []
    for minutes in (11, 31, 31, 31, 240):
        assert customer.now is not None
        customer.now += timedelta(minutes=minutes)
        said.append(await customer.happens("silence"))
    return [one for one in said if one]


async def merge(house: House, one: Customer, other: Customer) -> None:
    await house.store.merge(await other.contact(), await one.contact(), by="system:test", reason="the same person")


@pytest.mark.parametrize("merged", [True, False], ids=["the same person", "somebody else"])
async def test_silence_reminds_once_and_parks_and_the_other_channel_goes_on(
    pool: Pool, engine: AsyncEngine, settings: Settings, merged: bool
) -> None:
    house = await House.open(pool, engine, settings)
    customer = house.customer()
    customer.now = datetime.now(UTC)
    await customer.tap("start(open_complaint)")
    await customer.say("水壶漏水，用了三天就坏了")
    await customer.tap("skip")
    reminder, parked = await fall_silent(customer)
    assert "还没有办完" in reminder
    assert "怎样处理" in reminder
    assert "保留" in parked
    other = house.customer("visitor:2")
    other.now = customer.now - timedelta(hours=8)  # an earlier visit on the other channel
    await other.say("你好")
    if merged:
        await merge(house, customer, other)
    other.now = customer.now + timedelta(days=2)
    offered = await other.say("你好")
    assert ("投诉" in offered and "dialog_take_up=true" in str(other.choices)) is merged
    if not merged:
        return
    assert "怎样处理" in await other.tap("SetSlots(dialog_take_up=true)")
    assert "怎样联系" in await other.say("退款")
    await other.say("13800138000")
    assert "48 小时" in await other.say("对")
    (case,) = await other.cases()
    assert case.matter == "水壶漏水，用了三天就坏了"
    customer.now = other.now
    again = await customer.say("你好")
    assert "dialog_take_up" not in str(customer.choices), again
    async with engine.connect() as connection:
        left: Any = await connection.scalar(text("SELECT count(*) FROM bot.parked_flows"))
    assert left == 0


@pytest.mark.parametrize("words", ["继续", "继续投诉", "接着办吧"])
async def test_who_says_continue_goes_on_with_what_was_put_aside(
    pool: Pool, engine: AsyncEngine, settings: Settings, words: str
) -> None:
    house = await House.open(pool, engine, settings)
    customer = house.customer()
    customer.now = datetime.now(UTC)
    await customer.tap("start(open_complaint)")
    await customer.say("水壶漏水，用了三天就坏了")
    await customer.tap("skip")
    for minutes in (11, 31):
        customer.now += timedelta(minutes=minutes)
        await customer.happens("silence")
    assert "怎样处理" in await customer.say(words)
    assert "怎样联系" in await customer.say("退款")

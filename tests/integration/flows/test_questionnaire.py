"""A questionnaire in whole turns: answers sealed with their version, counted, gone with the person (CP11, SV4)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from bot.faults import SettingsFault
from bot.handlers.questionnaires import read_questionnaires
from bot.jobs.retention import enforce_retention
from bot.settings.opinions import Opinions
from bot.settings.service import Service
from tests.integration.flows.case_talk import House

FORM = """
id: tea
version: "{version}"
title: {{zh-Hans: 茶, zh-Hant: 茶, en: Tea}}
thanks: {{zh-Hans: 谢谢, zh-Hant: 謝謝, en: Thank you}}
questions:
  - id: sorts
    type: multiple
    text: {{zh-Hans: 喝什么茶, zh-Hant: 喝什麼茶, en: Which tea}}
    options:
      - {{id: green, label: {{zh-Hans: 绿茶, zh-Hant: 綠茶, en: Green tea}}}}
      - {{id: black, label: {{zh-Hans: 红茶, zh-Hant: 紅茶, en: Black tea}}}}
      - {{id: white, label: {{zh-Hans: 白茶, zh-Hant: 白茶, en: White tea}}}}
  - id: cups
    type: rating
    scale: 9
    text: {{zh-Hans: 几杯, zh-Hant: 幾杯, en: How many cups}}
  - id: why
    type: text
    optional: true
    text: {{zh-Hans: 为什么, zh-Hant: 為什麼, en: Why}}
"""


@pytest_asyncio.fixture
async def house(pool, engine, settings):
    return await House.open(pool, engine, settings)


def folder_with(tmp_path, version="1", name="tea.yml"):
    (tmp_path / name).write_text(FORM.format(version=version), encoding="utf-8")
    return tmp_path


async def tea(pool, engine, settings, folder):
    service = Service(opinions=Opinions(questionnaires=folder))
    return await House.open(pool, engine, settings.model_copy(update={"service": service}))


async def replies(house, name="tea"):
    return await house.store.replies("questionnaire", name)


async def fill(customer, why="好喝得像春天"):
    assert "1/3" in await customer.tap("start(questionnaire)")
    assert "2/3" in await customer.say("绿茶和白茶")
    assert "3/3" in await customer.say("八分")
    return await customer.say(why)


async def test_answers_are_kept_sealed_with_the_version(pool, engine, settings, tmp_path):
    house = await tea(pool, engine, settings, folder_with(tmp_path, "2026-11"))
    customer = house.customer()
    assert await fill(customer) == "谢谢"
    (reply,) = await replies(house)
    assert reply.version == "2026-11"
    assert reply.answers == {"sorts": ["green", "white"], "cups": 8, "why": "好喝得像春天"}
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT o::text FROM crm.opinions o"))).scalar_one()
    assert "green" not in row
    assert "春天".encode().hex() not in row


async def test_taps_add_up_and_a_question_may_be_left_out(pool, engine, settings, tmp_path):
    house = await tea(pool, engine, settings, folder_with(tmp_path))
    customer = house.customer(locale="en")
    await customer.tap("start(questionnaire)")
    assert "Chosen: Black tea" in await customer.tap("SetSlots(questionnaire_answer=black)")
    assert [one["label"] for one in customer.choices] == ["Green tea", "White tea", "That's all"]
    await customer.tap("SetSlots(questionnaire_answer=white)")
    assert "2/3" in await customer.say("That's all")
    assert "could not read" in await customer.say("99 cups")
    await customer.say("3")
    await customer.tap("skip")
    (reply,) = await replies(house)
    assert reply.answers == {"sorts": ["black", "white"], "cups": 3}


async def test_it_goes_on_where_it_was_in_another_conversation(pool, engine, settings, tmp_path):
    house = await tea(pool, engine, settings, folder_with(tmp_path))
    customer = house.customer()
    await customer.tap("start(questionnaire)")
    await customer.say("红茶")
    begun = datetime.now(UTC)
    for minutes in (11, 31, 62):
        customer.now = begun + timedelta(minutes=minutes)
        await customer.happens("silence")
    customer.now = begun + timedelta(days=2)
    assert "接着办" in str(customer.choices) or "还没有办完" in await customer.say("你好")
    assert "2/3" in await customer.say("接着办")
    await customer.say("2")
    await customer.tap("skip")
    (reply,) = await replies(house)
    assert reply.answers == {"sorts": ["black"], "cups": 2}


async def test_who_fills_it_in_again_is_counted_once_and_another_version_apart(pool, engine, settings, tmp_path):
    house = await tea(pool, engine, settings, folder_with(tmp_path, "1"))
    customer = house.customer()
    await fill(customer)
    await fill(customer, "还是好喝")
    assert [one.answers["why"] for one in await replies(house)] == ["还是好喝"]
    newer = tmp_path / "newer"
    newer.mkdir()
    again = await tea(pool, engine, settings, folder_with(newer, "2"))
    await fill(again.customer(), "新版")
    assert [one.version for one in await replies(house)] == ["1", "2"]


async def test_answers_go_with_the_person_and_with_their_time(pool, engine, settings, tmp_path):
    house = await tea(pool, engine, settings, folder_with(tmp_path))
    customer, other = house.customer(), house.customer("visitor:2")
    await fill(customer)
    await fill(other, "另一个人")
    await house.store.erase(await customer.contact(), "staff:test", "wanted", datetime.now(UTC))
    assert [one.answers["why"] for one in await replies(house)] == ["另一个人"]
    late = datetime.now(UTC) + timedelta(days=settings.retention.opinions + 1)
    assert (await enforce_retention(settings, engine, late, dry=True))["opinions"] == 1
    assert (await enforce_retention(settings, engine, late, dry=False))["opinions"] == 1
    assert await replies(house) == []


async def test_several_are_offered_by_title(pool, engine, settings, tmp_path):
    folder = folder_with(tmp_path)
    second = FORM.format(version="1").replace("id: tea", "id: coffee").replace("zh-Hans: 茶,", "zh-Hans: 咖啡,")
    (folder / "coffee.yml").write_text(second, encoding="utf-8")
    customer = (await tea(pool, engine, settings, folder)).customer()
    await customer.tap("start(questionnaire)")
    assert [one["label"] for one in customer.choices] == ["咖啡", "茶"]
    assert "1/3" in await customer.say("咖啡")


def test_a_form_that_is_wrong_is_refused_with_file_and_place(tmp_path):
    wrong = FORM.format(version="1").replace("type: multiple", "type: choice").replace("id: cups", "id: sorts")
    (tmp_path / "wrong.yml").write_text(wrong, encoding="utf-8")
    with pytest.raises(SettingsFault, match=r"wrong\.yml.*id of its own"):
        read_questionnaires(tmp_path)
    one = tmp_path / "one"
    one.mkdir()
    (one / "few.yml").write_text(FORM.format(version="1").replace("type: rating", "type: choice"), encoding="utf-8")
    with pytest.raises(SettingsFault, match=r"questions\.1.*2 to 20 options"):
        read_questionnaires(one)


async def test_the_demo_company_asks_five_questions(house):
    assert "共 5 题" in await house.customer().tap("start(questionnaire)")


@pytest.mark.parametrize("guide", ["opinions.md", "opinions.zh-CN.md"])
def test_the_guide_s_questionnaire_can_be_used(guide, tmp_path):
    text_of_guide = (Path(__file__).parents[3] / "docs" / "guides" / guide).read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text_of_guide, re.DOTALL)
    (tmp_path / "tea.yml").write_text(example, encoding="utf-8")
    form = read_questionnaires(tmp_path)["tea"]
    assert [one.type for one in form.questions] == ["multiple", "rating", "text"]

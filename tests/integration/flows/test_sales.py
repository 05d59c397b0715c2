"""Advice, comparison, visits, orders, through whole turns on a real store (SV1)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from bot.faults import SettingsFault
from bot.handlers.products import read_range
from bot.settings.service import Service
from crm_adapter.records.customers import Provenance
from crm_adapter.rights.working_days import ZONE
from tests.integration.flows.case_talk import House

PRODUCTS = """
currency: {{zh-Hans: 元, zh-Hant: 元, en: yuan}}
kinds:
  - id: kettle
    label: {{zh-Hans: 电水壶, zh-Hant: 電水壺, en: Kettle}}
    words: [水壶, kettle]
  - id: fan
    label: {{zh-Hans: 风扇, zh-Hant: 電扇, en: Fan}}
products:
  - id: k1
    kind: kettle
    name: {{zh-Hans: 小壶 K1, zh-Hant: 小壺 K1, en: Kettle K1}}
    price: 99
    stock: {stock}
    as_of: {as_of}
    people: [1, 2]
    for: {{zh-Hans: 一个人, zh-Hant: 一個人, en: one person}}
  - id: k2
    kind: kettle
    name: {{zh-Hans: 大壶 K2, zh-Hant: 大壺 K2, en: Kettle K2}}
    price: 199
    stock: in_stock
    as_of: {as_of}
    people: [3, 9]
    for: {{zh-Hans: 全家, zh-Hant: 全家, en: families}}
    facts:
      - {{name: {{zh-Hans: 容量, zh-Hant: 容量, en: Volume}}, value: {{zh-Hans: 2 升, zh-Hant: 2 公升, en: 2 l}}}}
"""


@pytest_asyncio.fixture
async def house(pool, engine, settings):
    return await House.open(pool, engine, settings)


async def shop(pool, engine, settings, tmp_path, stock="in_stock", age_days=0):
    """A house that sells two kettles."""
    as_of = datetime.now(ZONE).date() - timedelta(days=age_days)
    file = tmp_path / "products.yml"
    file.write_text(PRODUCTS.format(stock=stock, as_of=as_of.isoformat()), encoding="utf-8")
    return await House.open(pool, engine, settings.model_copy(update={"service": Service(products_file=file)}))


async def advised(customer, people="skip", budget="不限"):
    await customer.tap("start(sales_advice)")
    await customer.say("水壶")
    await (customer.tap("skip") if people == "skip" else customer.say(people))
    return await customer.say(budget)


async def test_a_company_s_own_file_is_what_is_recommended(pool, engine, settings, tmp_path):
    customer = (await shop(pool, engine, settings, tmp_path)).customer()
    answer = await advised(customer, people="4")
    assert "大壶 K2：199 元，有货" in answer
    assert "K1" not in answer
    assert "小壶 K1" in await advised(customer, budget="100")
    assert "没有合适的" in await advised(customer, budget="50")


async def test_what_is_sold_out_is_not_recommended_and_old_figures_are_called_old(pool, engine, settings, tmp_path):
    house = await shop(pool, engine, settings, tmp_path, stock="sold_out", age_days=9)
    answer = await advised(house.customer())
    assert "K1" not in answer
    assert "已过去 9 天" in answer
    day = datetime.now(ZONE).date() - timedelta(days=9)
    assert f"{day.month}月{day.day}日" in answer


async def test_what_was_shown_and_is_sold_no_more_has_no_price(pool, engine, settings, tmp_path, house):
    await advised((await shop(pool, engine, settings, tmp_path)).customer())
    assert "没有可以推荐的商品" in await house.customer().say("多少钱")


async def test_a_comparison_leaves_no_fact_out(pool, engine, settings, tmp_path):
    customer = (await shop(pool, engine, settings, tmp_path)).customer(locale="en")
    answer = await customer.tap("start(compare_products, compare_one=k1, compare_two=k2)")
    assert "Price: 99 yuan / 199 yuan" in answer
    assert "Volume: — / 2 l" in answer
    assert "as of" in answer


def test_a_file_that_is_wrong_is_refused_with_place_and_reason(tmp_path):
    file = tmp_path / "products.yml"
    file.write_text(PRODUCTS.format(stock="maybe", as_of=date(2026, 1, 1)), encoding="utf-8")
    with pytest.raises(SettingsFault, match=r"products\.0\.stock"):
        read_range(file)
    (tmp_path / "other.yml").write_text("kinds: [", encoding="utf-8")
    with pytest.raises(SettingsFault, match="products_file"):
        read_range(tmp_path / "other.yml")


async def test_a_visit_is_a_task_with_the_whole_address_though_the_customer_reads_a_part(house):
    owner = await house.employ("fang")
    customer = house.customer()
    await customer.say("你好")
    contact = await customer.contact()
    who = Provenance("import", "import:1", datetime.now(UTC), "verified")
    await house.store.set_fields(contact, {"address": "上海市静安区南京西路1号", "phone": "13900001111"}, who)
    await customer.tap("start(book_visit, visit_product=nj-f501, visit_confirmed=true)")
    await customer.say("上门")
    await customer.say("第一个")
    await customer.say("第一个")
    summary = await customer.say("第一个")
    assert "暖居 F501" in summary
    assert "南京西路1号" not in summary
    assert "13900001111" not in summary
    booked = await customer.say("对")
    assert "24 小时内" in booked
    (task,) = await house.store.tasks(contact)
    assert (task.kind, task.owner_id, task.state) == ("visit", owner, "open")
    assert "上海市静安区南京西路1号" in task.subject
    assert "13900001111" in task.subject
    assert task.due_at > datetime.now(UTC)


async def test_a_message_that_comes_twice_books_once(house):
    customer = house.customer()
    await customer.tap("start(book_visit)")
    await customer.say("到店")
    await customer.tap("skip")
    await customer.say("第一个")
    await customer.tap("skip")
    first = await customer.say("对", external_id="again")
    assert await customer.say("对", external_id="again") == first
    assert len(await house.store.tasks(await customer.contact())) == 1


async def test_orders_are_the_customer_s_own(house):
    mine, other = house.customer(), house.customer("visitor:2")
    await mine.say("你好")
    await other.say("你好")
    await mine.bought("YD202611180001", 329900, "冰箱", "paid")
    await mine.bought("YD202611010002", 9900, "水壶", "cancelled")
    await other.bought("YD202611170009", 9900, "风扇", "delivered")
    await mine.tap("start(order_status)")
    assert "没有这个订单号" in await mine.say("YD202611170009")
    assert [choice["id"] for choice in mine.choices] == [
        "SetSlots(order_number=YD202611010002)",
        "SetSlots(order_number=YD202611180001)",
    ]
    assert "已付款" in await mine.say("yd202611180001")
    shown = await other.tap("start(order_status)")
    assert "风扇 × 1" in shown
    assert "已送达" in shown
    assert "没有查到订单" in await house.customer("visitor:3").tap("start(order_status)")


async def test_a_delivery_is_a_task_about_the_order(house):
    customer = house.customer()
    await customer.say("你好")
    await customer.bought("YD202611180001", 329900, "冰箱", "paid")
    await customer.tap("start(delivery_appointment)")
    await customer.say("第一个")
    await customer.say("都要")
    await customer.say("第二个")
    await customer.say("上海市静安区南京西路1号")
    await customer.tap("skip")
    await customer.say("对")
    (task,) = await house.store.tasks(await customer.contact())
    assert task.kind == "delivery"
    assert "YD202611180001 · 冰箱" in task.subject
    assert "送货和安装" in task.subject

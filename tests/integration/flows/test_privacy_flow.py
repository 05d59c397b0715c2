"""The rights of a person through whole turns: each a request with number and deadline, and who asks is checked."""

from datetime import timedelta

import pytest

from bot.handlers.export_link import read_token
from bot.handlers.moments import last_day
from bot.handlers.requests import number_of
from bot.rehearsal.keys import KEYS
from tests.integration.flows.rights_talk import Customer, House
from tests.integration.flows.test_consent_flow import agree, wrong
from tests.integration.flows.test_profile_flow import confirm


@pytest.fixture
def house(pool, engine, settings) -> House:
    return House(pool, engine, settings)


@pytest.fixture
def customer(house) -> Customer:
    return house.customer()


async def test_my_privacy_offers_every_right(customer):
    await customer.say("我的隐私")
    assert [one["label"] for one in customer.choices] == [
        "查看我的信息", "导出我的信息", "更正信息", "我的同意选择",
        "拒绝营销使用", "限制使用", "删除我的信息", "注销账号",
    ]  # fmt: skip
    assert await customer.requests() == []


async def test_who_is_not_known_sees_it_masked_and_staff_has_the_request(customer):
    await name(customer, "李雷")
    await customer.say("我的隐私")
    said = await customer.press("查看我的信息")
    (request,) = await customer.requests()
    assert (request.kind, request.state, request.opened_by) == ("view", "received", "customer")
    assert number_of(request.id) in said
    assert f"最迟 {last_day(request.due_at, 'zh-Hans')}" in said
    assert "姓名：李***" in said
    assert "李雷" not in said
    assert "由工作人员核实并办理" in said


async def test_a_code_to_the_known_phone_shows_it_openly_and_answers_the_request(customer):
    await name(customer, "李雷")
    await confirm(customer, "13800138000")
    asked = await customer.say("查看我的个人信息")
    assert "请先确认是您本人" in asked
    assert "+86138****8000" in asked
    assert "还可以再试 4 次" in await customer.say(wrong(await customer.code()))
    said = await customer.say(await customer.code())
    assert "姓名：李雷" in said
    assert "电话：+8613800138000" in said
    (request,) = await customer.requests()
    assert (request.state, request.checked_method, request.checked_by) == ("answered", "code", "system:chat")


async def test_a_verified_account_needs_no_code(house, customer):
    customer.assurance = "verified"
    await name(customer, "李雷")
    said = await customer.say("查看我的个人信息")
    assert "姓名：李雷" in said
    (request,) = await customer.requests()
    assert (request.state, request.checked_method) == ("answered", "assurance")


async def test_who_changed_the_phone_lately_proves_nothing_by_it(customer):
    await confirm(customer, "13800138000")
    await confirm(customer, "13900139000")
    said = await customer.say("查看我的个人信息")
    assert "验证码" not in said
    assert "由工作人员核实并办理" in said


async def test_an_export_is_a_link_for_who_is_known(house, customer):
    await confirm(customer, "13800138000")
    await customer.say("导出我的数据")
    said = await customer.say(await customer.code())
    assert "24 小时内有效，只能使用一次" in said
    (request,) = await customer.requests()
    assert (request.kind, request.state) == ("export", "in_progress")
    url = customer.last.answers[-1].body["links"][0]["url"]
    assert url.startswith(f"{house.settings.base_url}/privacy/file/")
    token = url.rsplit("/", 1)[1].partition("?")[0]
    sent = customer.last.message.at
    assert read_token(KEYS, token, sent) == request.id
    assert read_token(KEYS, token, sent + timedelta(hours=24, minutes=1)) is None
    assert read_token(KEYS, token[:-2] + "AA", sent) is None
    again = await customer.say("导出我的数据")
    assert "这个请求已经登记过了" in again
    assert "请先确认是您本人" in again, "what was proven once does not hold for whoever asks next"
    assert not any(answer.body.get("links") for answer in customer.last.answers)
    assert "只能使用一次" in await customer.say(await customer.code())
    assert len(await customer.requests()) == 1


async def test_without_a_known_phone_an_export_waits_for_staff(customer):
    said = await customer.say("导出我的数据")
    assert "由工作人员核实并办理" in said
    assert not any(answer.body.get("links") for answer in customer.last.answers[-2:])
    (request,) = await customer.requests()
    assert (request.kind, request.state, request.words) == ("export", "received", "导出我的数据")


@pytest.mark.parametrize(("wish", "kind"), [("删除我的数据", "delete"), ("注销账号", "close_account")])
async def test_an_erasure_tells_what_stays_asks_twice_and_waits_for_staff(customer, wish, kind):
    await confirm(customer, "13800138000")
    said = await customer.say(wish)
    assert "交易记录至少保存三年" in said
    assert "《个人信息保护法》第69条" in said
    assert said.endswith("确定要申请吗？")
    assert await customer.requests() == []
    await customer.press("确定申请")
    said = await customer.say(await customer.code())
    (request,) = await customer.requests()
    assert (request.kind, request.state, request.checked_method) == (kind, "identity_check", "code")
    assert f"最迟在 {last_day(request.due_at, 'zh-Hans')}" in said
    assert await customer.fact("phone") == "+8613800138000"


async def test_who_thinks_better_of_it_has_requested_nothing(customer):
    await customer.say("删除我的数据")
    assert "什么都没有删除" in await customer.press("不，保留")
    assert await customer.requests() == []


async def test_a_correction_by_who_is_known_is_done_at_once(customer):
    await name(customer, "李磊")
    await confirm(customer, "13800138000")
    await customer.say("更正我的个人信息")
    await customer.press("姓名")
    await customer.say("李雷")
    said = await customer.say(await customer.code())
    assert "已更正" in said
    assert "姓名：李雷" in said
    assert await customer.fact("name") == "李雷"
    (request,) = await customer.requests()
    assert (request.kind, request.state, request.words) == ("correct", "answered", "姓名: 李雷")


async def test_a_correction_by_who_is_not_known_is_staffs(customer):
    await name(customer, "李磊")
    await customer.say("更正我的个人信息")
    await customer.press("生日")
    assert "生日不能在将来" in await customer.say("2099-01-01")
    said = await customer.say("1990-05-03")
    assert "由工作人员核实并办理" in said
    (request,) = await customer.requests()
    assert (request.kind, request.state, request.words) == ("correct", "received", "生日: 1990-05-03")
    assert await customer.fact("birthday") is None


async def test_a_phone_is_corrected_by_proving_the_new_one(customer):
    await customer.say("更正我的个人信息")
    said = await customer.press("电话")
    assert "用验证码确认" in said
    await customer.press("电话")
    await customer.say("13800138000")
    await customer.say(await customer.code())
    assert await customer.fact("phone") == "+8613800138000"


async def test_objecting_ends_marketing_at_once_and_is_answered(house, customer):
    await agree(customer, "关怀消息")
    said = await customer.say("拒绝营销使用")
    assert "已停止" in said
    (request,) = await customer.requests()
    assert (request.kind, request.state, request.checked_method) == ("object", "answered", "not_needed")
    assert number_of(request.id) in said
    assert {(one.event, one.channel) for one in (await customer.ledger())[:2]} == {("objected", "*")}
    assert not await house.store.may_use(await customer.contact(), "care_messages", "web")


async def test_restricting_is_asked_once_more_and_done_at_once(house, customer):
    await customer.say("限制使用我的个人信息")
    said = await customer.press("确定限制")
    assert "已限制" in said
    (request,) = await customer.requests()
    assert (request.kind, request.state) == ("restrict", "answered")
    assert (await house.store.contact(await customer.contact())).restricted_at is not None
    assert "质量问题由我们承担运费" in await customer.say("运费谁出？")


async def test_whom_staff_may_not_reach_can_still_ask_in_english_and_traditional_chinese(house):
    english = house.customer("visitor:en", "en")
    assert "These are your rights" in await english.say("my privacy")
    said = await english.press("Delete my data")
    assert "E-Commerce Law 31" in said
    said = await english.press("Yes, I am sure")
    (request,) = await english.requests()
    assert f"You will have our answer by {last_day(request.due_at, 'en')}" in said
    taiwan = house.customer("visitor:tw", "zh-Hant")
    await taiwan.say("我的隱私")
    assert "什麼都沒有刪除" in (await taiwan.press("刪除我的資料"), await taiwan.press("不，保留"))[1]


async def test_a_redelivered_message_opens_no_second_request(customer):
    await customer.send({"text": "导出我的数据"}, "m-1")
    await customer.send({"text": "导出我的数据"}, "m-1")
    assert len(await customer.requests()) == 1


async def test_the_proof_of_one_account_is_none_for_another_of_the_same_person(house):
    """A request that a verified account opened still waits; who writes from an unverified one gets no link."""
    verified, other = house.customer("visitor:1"), house.customer("visitor:2")
    verified.assurance = "verified"
    await verified.say("导出我的数据")
    await other.say("运费谁出？")
    await house.store.merge(await other.contact(), await verified.contact(), "staff:1", "same person")
    said = await other.say("导出我的数据")
    assert "这个请求已经登记过了" in said
    assert "由工作人员核实并办理" in said
    assert not any(answer.body.get("links") for answer in other.last.answers)


async def name(customer: Customer, value: str) -> None:
    """Says a name."""
    await customer.say("修改资料")
    await customer.press("姓名")
    await customer.say(value)
    await customer.press("好了，不改了")

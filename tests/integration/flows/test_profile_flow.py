"""The profile through whole turns: codes that count, values that are checked, accounts that become one."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crm_adapter.records.customers import ExternalKey, Provenance
from tests.integration.flows.rights_talk import Customer, House
from tests.integration.flows.test_consent_flow import wrong

PHONE = "+8613800138000"


@pytest.fixture
def house(pool, engine, settings) -> House:
    return House(pool, engine, settings)


@pytest.fixture
def customer(house) -> Customer:
    return house.customer()


async def test_a_phone_is_claimed_until_its_code_is_confirmed(house, customer, engine):
    await customer.say("修改资料")
    await customer.press("电话")
    sent = await customer.say("138 0013 8000")
    assert "验证码已发送到 +86138****8000，10 分钟内有效" in sent
    assert await assurance(customer, "phone") == "claimed"
    code = await customer.code()
    said = await customer.say(f"{code[:3]} {code[3:]}")
    assert "已验证，谢谢" in said
    assert "电话：+86138****8000（已验证）" in said
    assert await assurance(customer, "phone") == "verified"
    assert await house.store.find_by_identity("phone", "phone", PHONE) == await customer.contact()
    async with engine.connect() as connection:
        states = await connection.execute(text("SELECT kind, purpose, state FROM bot.outgoing_messages"))
        assert states.all() == [("sms", "confirmation", "shown")]


async def test_five_wrong_codes_end_it_however_the_conversation_goes_on(customer):
    await customer.say("修改资料")
    await customer.press("电话")
    await customer.say("13800138000")
    code = await customer.code()
    for left in (4, 3):
        assert f"还可以再试 {left} 次" in await customer.say(wrong(code))
    assert "质量问题由我们承担运费" in await customer.say("运费谁出？")
    for left in (2, 1):
        assert f"还可以再试 {left} 次" in await customer.say(wrong(code))
    assert "输错次数过多" in await customer.say(wrong(code))
    assert "输错次数过多" in await customer.say(code)
    assert await assurance(customer, "phone") == "claimed"
    assert "验证码已发送" in await customer.press("重新发送")
    assert "已验证" in await customer.say(await customer.code())


async def test_a_late_code_has_expired(customer, engine):
    await customer.say("修改资料")
    await customer.press("邮箱")
    await customer.say("li.lei@example.com")
    code = await customer.code()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bot.confirmation_codes SET expires_at = now() - interval '1 second'"))
    assert "验证码已失效" in await customer.say(code)
    assert await assurance(customer, "email") == "claimed"


async def test_codes_are_not_sent_without_end(customer):
    await customer.say("修改资料")
    await customer.press("电话")
    await customer.say("13800138000")
    for _ in range(2):
        assert "验证码已发送" in await customer.say("重新发送")
    said = await customer.say("重新发送")
    assert "过于频繁" in said
    assert "没有验证" in said


async def test_a_code_is_neither_in_the_state_nor_in_a_log(customer, capfd):
    await customer.say("修改资料")
    await customer.press("电话")
    await customer.say("13800138000")
    code = await customer.code()
    await customer.say(wrong(code))
    state = str(await customer.state())
    assert wrong(code) not in state
    await customer.say(code)
    assert code not in str(await customer.state())
    logged = capfd.readouterr()
    assert code not in logged.out + logged.err
    assert wrong(code) not in logged.out + logged.err


async def test_a_bad_value_says_why_and_leaves_the_old_one(customer):
    await customer.say("修改资料")
    await customer.press("生日")
    said = await customer.say("1990年5月3日")
    assert "1990年5月3日" in said
    assert "1990-**-**" in said
    await customer.press("生日")
    said = await customer.say("2099年5月3日")
    assert "生日不能在将来。原来的内容没有改动。" in said
    assert await customer.fact("birthday") == "1990-05-03"
    assert "1991" in await customer.say("1991年6月4日")
    assert await customer.fact("birthday") == "1991-06-04"


async def test_each_field_is_optional_and_shown_masked(customer):
    listed = await customer.say("修改资料")
    assert "姓名：未填写" in listed
    await customer.press("姓名")
    assert "保持不变" in await customer.press("跳过")
    await customer.press("地址")
    said = await customer.say("北京市朝阳区建国路88号1幢1201室")
    assert "已记录地址：北京市朝阳区建国路88号1幢1201室" in said
    assert "· 地址：北京市朝阳区***" in said
    assert "姓名" not in said  # nothing else is said again
    assert await customer.fact("address") == "北京市朝阳区建国路88号1幢1201室"
    await customer.press("语言")
    await customer.press("繁体中文")
    assert await customer.fact("language") == "zh-Hant"
    await customer.press("偏好")
    await customer.say("喜欢白色，下午联系")
    assert await customer.fact("preferences") == "喜欢白色，下午联系"
    assert "未填写" not in (await customer.press("好了，不改了"))


async def test_a_verified_phone_stays_until_another_one_is_proven(customer):
    await confirm(customer, "13800138000")
    await customer.say("修改资料")
    await customer.press("电话")
    await customer.say("13900139000")
    assert await customer.fact("phone") == PHONE
    assert "没有验证" in await customer.press("不验证了")
    assert (await customer.fact("phone"), await assurance(customer, "phone")) == (PHONE, "verified")


async def test_a_proven_phone_makes_two_accounts_one_and_the_conversation_goes_on(house):
    older, newer = house.customer("visitor:old"), house.customer("visitor:new")
    await older.say("你好")
    await confirm(older, "13800138000")
    await newer.say("修改资料")
    await newer.press("姓名")
    await newer.say("李雷")
    await newer.press("电话")
    await newer.say("13800138000")
    said = await newer.say(await newer.code())
    assert "已验证" in said
    assert await newer.contact() == await older.contact()
    assert await older.fact("name") == "李雷"
    await newer.press("生日")
    await newer.say("1990-05-03")
    assert await older.fact("birthday") == "1990-05-03"


async def test_a_phone_that_an_import_has_too_is_a_question_for_staff_until_proven(house, customer):
    told = Provenance("import", "import:1", await now(customer), "claimed")
    other = await house.store.upsert_contact(ExternalKey("shop", "K-1"), {"name": "韩梅梅", "phone": PHONE}, told)
    await customer.say("修改资料")
    await customer.press("电话")
    await customer.say("13800138000")
    (suggestion,) = await house.store.merge_suggestions()
    assert {suggestion.one_id, suggestion.other_id} == {other.contact_id, await customer.contact()}


async def test_it_is_all_there_in_english_too(house):
    customer = house.customer(locale="en")
    assert "Phone: not given" in await customer.say("update my profile")
    await customer.press("E-mail")
    assert "l***@example.com" in await customer.say("li.lei@example.com")
    assert "That is not the code. Tries left: 4." in await customer.say(wrong(await customer.code()))
    assert "E-mail: l***@example.com (confirmed)" in await customer.say(await customer.code())


async def confirm(customer: Customer, phone: str) -> None:
    """Proves a phone."""
    await customer.say("修改资料")
    await customer.press("电话")
    await customer.say(phone)
    await customer.say(await customer.code())
    await customer.press("好了，不改了")


async def assurance(customer: Customer, field: str) -> str:
    """How sure a fact is."""
    return (await customer._house.store.contact(await customer.contact())).facts[field].assurance


async def now(customer: Customer):
    """When the customer wrote last."""
    if customer.last is None:
        await customer.say("你好")
    return customer.last.message.at - timedelta(seconds=1)

"""Consent through whole turns: what was asked and answered stands in the ledger, word for word, with both messages."""

import re

import pytest
from sqlalchemy import text

from tests.integration.flows.rights_talk import Customer, House

RECEIPT = re.compile(r"[2-9A-HJ-NP-TV-Z]{5}-[2-9A-HJ-NP-TV-Z]{5}")


@pytest.fixture
def house(pool, engine, settings) -> House:
    return House(pool, engine, settings)


@pytest.fixture
def customer(house) -> Customer:
    return house.customer()


async def test_each_choice_is_asked_alone_and_recorded_with_its_very_words(customer):
    listed = await customer.say("查看我的同意")
    assert "1. 关怀消息：未选择" in listed
    assert "提供给第三方（安心安装服务有限公司）" in listed
    asked = await customer.press("关怀消息")
    assert "您愿意在这里收到我们的关怀消息吗" in asked
    assert [one["label"] for one in customer.choices] == ["同意", "不同意"]
    prompt = customer.last.answers[-1]
    said = await customer.press("同意")
    reply = customer.last.message
    (entry,) = await customer.ledger()
    assert entry.receipt in said
    assert (entry.event, entry.purpose, entry.channel, entry.told_on) == ("granted", "care_messages", "web", "web")
    assert entry.prompt.startswith(prompt.body["text"])
    assert entry.prompt.endswith("[同意] [不同意]")
    assert (entry.prompt_message_id, entry.reply_message_id) == (str(prompt.id), str(reply.id))
    assert (await customer.line(entry.prompt_message_id))["text"] == prompt.body["text"]
    assert (entry.reply, entry.method, entry.actor, entry.assurance) == ("[同意]", "chat", "customer", "anonymous")
    assert "1. 关怀消息：已同意" in said
    assert "2. 个性化推荐：未选择" in said


async def test_typed_words_are_kept_as_they_were_typed_and_a_refusal_has_a_receipt_too(customer):
    await customer.say("查看我的同意")
    await customer.say("2")
    said = await customer.say("不同意，谢谢")
    (entry,) = await customer.ledger()
    assert (entry.event, entry.purpose, entry.reply) == ("refused", "personalised_recommendations", "不同意，谢谢")
    assert entry.receipt in said
    assert "我们照常为您服务" in said
    assert (entry.channel, (await customer.line(entry.reply_message_id))["text"]) == ("web", "不同意，谢谢")


async def test_a_button_of_an_older_question_never_answers_another_one(customer):
    await customer.say("查看我的同意")
    await customer.press("关怀消息")
    older = next(one["id"] for one in customer.choices if one["label"] == "同意")
    await customer.press("不同意")
    await customer.press("个性化推荐")
    asked = await customer.tap(older)
    assert "您愿意在这里收到我们的关怀消息吗" in asked
    assert [(one.event, one.purpose) for one in await customer.ledger()] == [("refused", "care_messages")]


async def test_a_question_in_the_middle_is_answered_and_the_consent_is_asked_for_again(customer):
    await customer.say("查看我的同意")
    await customer.press("关怀消息")
    said = await customer.say("运费谁出？")
    assert "质量问题由我们承担运费" in said
    assert "您愿意在这里收到我们的关怀消息吗" in said
    again = customer.last.answers[-1]
    await customer.say("同意")
    (entry,) = await customer.ledger()
    assert (entry.event, entry.prompt_message_id) == ("granted", str(again.id))


async def test_one_consent_is_withdrawn_by_itself(customer):
    await agree(customer, "关怀消息")
    await agree(customer, "个性化推荐")
    asked = await customer.say("撤回同意")
    assert "1. 关怀消息" in asked
    said = await customer.press("关怀消息")
    entry, *_ = await customer.ledger()
    assert (entry.event, entry.purpose, entry.channel, entry.reply) == ("withdrawn", "care_messages", "*", "[关怀消息]")
    assert RECEIPT.search(said)[0] == entry.receipt
    assert "想查看" not in said
    store = customer._house.store
    assert not await store.may_use(await customer.contact(), "care_messages", "web")
    assert await store.may_use(await customer.contact(), "personalised_recommendations", "web")


async def test_with_nothing_agreed_there_is_nothing_to_withdraw(customer):
    assert "没有可撤回的" in await customer.say("撤回同意")
    assert await customer.ledger() == []


async def test_all_are_withdrawn_with_a_receipt_each(customer):
    await agree(customer, "关怀消息")
    await agree(customer, "提供给第三方（安心安装服务有限公司）")
    await customer.say("撤回同意")
    said = await customer.press("全部撤回")
    first, second, *_ = await customer.ledger()
    assert {first.event, second.event} == {"withdrawn"}
    assert {(first.purpose, first.recipient), (second.purpose, second.recipient)} == {
        ("care_messages", None), ("sharing", "installer")
    }  # fmt: skip
    assert set(RECEIPT.findall(said)) == {first.receipt, second.receipt}


@pytest.mark.parametrize(
    ("word", "locale", "answer"),
    [
        ("退订", "zh-Hans", "已为您退订"),
        ("TD", "zh-Hans", "已为您退订"),
        ("取消訂閱", "zh-Hant", "已為您退訂"),
        ("STOP", "en", "You are unsubscribed"),
    ],
)
async def test_stop_ends_every_message_in_the_middle_of_a_form_which_goes_on(house, word, locale, answer):
    customer = house.customer(locale=locale)
    await agree(customer, {"en": "Care messages", "zh-Hant": "關懷訊息"}.get(locale, "关怀消息"))
    await customer.say({"en": "update my profile", "zh-Hant": "修改資料"}.get(locale, "修改资料"))
    await customer.press({"en": "Name"}.get(locale, "姓名"))
    question = customer.last.answers[-1].body["text"]
    said = await customer.say(word)
    assert answer in said
    assert said.endswith(question)
    told = {one.purpose: one for one in await customer.ledger() if one.event == "withdrawn"}
    assert set(told) == {"care_messages", "personalised_recommendations"}
    assert set(RECEIPT.findall(said)) == {one.receipt for one in told.values()}
    assert {(one.channel, one.reply, one.reply_message_id) for one in told.values()} == {
        ("*", word, str(customer.last.message.id))
    }
    assert told["care_messages"].prompt.startswith(question)
    await customer.say("Li Lei" if locale == "en" else "李雷")
    assert await customer.fact("name") in ("李雷", "Li Lei")


async def test_who_has_unsubscribed_is_told_so_and_nothing_is_recorded_twice(customer):
    await customer.say("退订")
    before = len(await customer.ledger())
    assert "您之前已经退订" in await customer.say("TD")
    assert len(await customer.ledger()) == before == 2


async def test_a_child_gets_no_marketing_and_a_guardian_is_asked_for_the_rest(house, customer):
    await agree(customer, "关怀消息")
    asked = await customer.say("监护人同意")
    assert "出生日期" in asked
    asked = await customer.say("2016年5月3日")
    assert "须由监护人同意" in asked
    assert (await customer.ledger())[0].event == "withdrawn"
    assert (await customer.ledger())[0].actor == "system:minor"
    await customer.say("王芳")
    await customer.press("母亲")
    sent = await customer.say("13800138000")
    assert "+86138****" not in await customer.code()
    assert "138****8000" in sent
    assert "还可以再试 4 次" in await customer.say(wrong(await customer.code()))
    listed = await customer.say(await customer.code())
    assert "已核实监护人" in listed
    assert "不向未满 14 周岁的人发送营销内容" in await customer.press("关怀消息")
    asked = await customer.press("敏感个人信息")
    assert "这些属于敏感个人信息" in asked
    said = await customer.press("同意")
    entry = (await customer.ledger())[0]
    assert (entry.event, entry.purpose) == ("guardian_granted", "sensitive_data")
    assert (entry.guardian.name, entry.guardian.relation) == ("王芳", "mother")
    assert "+86138" not in entry.guardian.proof.replace("+86138****8000", "")
    assert "监护人同意" in said
    assert await house.store.may_use(await customer.contact(), "sensitive_data", "web")
    assert await customer.fact("phone") is None


async def test_a_child_who_chooses_is_sent_to_the_guardian_and_without_one_nothing_is_recorded(customer):
    await customer.say("修改资料")
    await customer.press("生日")
    assert "营销内容已全部关闭" in await customer.say("2016-05-03")
    await customer.press("好了，不改了")
    await customer.say("查看我的同意")
    assert "监护人的姓名" in await customer.press("敏感个人信息")
    await customer.say("王芳")
    await customer.say("爸爸")
    await customer.say("13800138000")
    said = await customer.press("不验证了")
    assert "没有核实到监护人" in said
    assert await customer.ledger() == []


async def agree(customer: Customer, label: str) -> None:
    """Agrees to one purpose."""
    await customer.say({"en": "my consents", "zh-Hant": "查看我的同意"}.get(customer.locale, "查看我的同意"))
    await customer.press(label)
    await customer.press({"en": "I agree"}.get(customer.locale, "同意"))
    await customer.press({"en": "That is all"}.get(customer.locale, "好了，不改了"))


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_the_notice_is_shown_once_per_version_and_recorded_as_it_was_shown(
    house, customer, engine, pool, settings
):
    said = await customer.say("运费谁出？")
    assert "质量问题由我们承担运费" in said
    assert said.count("不同意也照常为您服务") == 1
    link = customer.last.answers[-1].body["links"][0]
    assert link == {"label": "隐私政策", "url": f"{settings.base_url}/privacy?lang=zh-Hans"}
    (entry,) = await house.store.consent_history(await customer.contact())
    assert (entry.event, entry.purpose, entry.notice_hash) == (
        "notice_shown",
        "service",
        house.store.notices.find("service").hash,
    )
    assert entry.prompt == f"{customer.last.answers[-1].body['text']}\n隐私政策 {link['url']}"
    assert "不同意也照常" not in await customer.say("运费谁出？")
    await close(engine)
    assert "不同意也照常" not in await customer.say("运费谁出？")
    assert "不同意也照常为您服务" in await customer.say("查看隐私告知书")
    other = settings.crm.model_copy(update={"controller": "新东家"})
    moved = House(pool, engine, settings.model_copy(update={"crm": other})).customer()
    await close(engine)
    assert "不同意也照常为您服务" in await moved.say("运费谁出？")
    assert len(await house.store.consent_history(await moved.contact())) == 2


async def close(engine) -> None:
    """Every conversation is over; the next message begins another one."""
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE bot.conversations SET closed_at = now(), close_reason = 'dialog' WHERE closed_at IS NULL")
        )


async def test_what_waits_to_be_sent_is_cancelled_in_the_turn_that_withdraws(house, customer, engine):
    """A care message that was queued before is not sent; the answer to the withdrawal is."""
    await agree(customer, "关怀消息")
    queued = text(
        "WITH line AS (INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, at)"
        " SELECT gen_random_uuid(), m.conversation_id, m.seq + 1, 'out', 'system', m.sealed_body, now()"
        " FROM bot.messages m ORDER BY m.seq DESC LIMIT 1 RETURNING *), moved AS ("
        " UPDATE bot.conversations SET last_seq = last_seq + 1)"
        " INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, purpose)"
        " SELECT id, conversation_id, seq, 'shop', repeat('a', 32), 'care_messages' FROM line RETURNING message_id"
    )
    async with engine.begin() as connection:
        waiting = (await connection.execute(queued)).scalar_one()
    await customer.say("STOP")
    states = text("SELECT state, reason FROM bot.outbox WHERE message_id = :id")
    async with engine.connect() as connection:
        assert (await connection.execute(states, {"id": waiting})).one() == ("failed", "consent_withdrawn")
        answer = (await connection.execute(states, {"id": customer.last.answers[-1].id})).one()
    assert answer.state == "queued"

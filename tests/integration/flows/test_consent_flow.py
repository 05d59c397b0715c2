"""Consent through whole turns: what was asked and answered stands in the ledger, word for word, with both messages."""

import re

import pytest

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

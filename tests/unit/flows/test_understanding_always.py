"""A person, withdrawal, the assistant, a language: understood in every state. Small talk and temper beside them."""

from typing import Any

import pytest

from bot.flows.commands import BackToBot, SmallTalk, Speak, WantPerson, Withdraw
from bot.flows.understanding import Shown
from tests.unit.flows.hearing import PHONE, WORDS, YES_NO, Shelf, answer, commands, hear

STATES: list[dict[str, Any]] = [
    {}, {"asked": WORDS, "slots": (WORDS,)}, {"asked": YES_NO}, {"asked": PHONE},
    {"shown": (Shown("article:a", "运费多少"),)},
]  # fmt: skip
NAMES = ["nothing asked", "free words", "yes or no", "a phone number", "choices shown"]


@pytest.mark.parametrize("state", STATES, ids=NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "转人工", "轉人工", "我要找客服！", "人工", "人工客服", "找个真人", "我想和真人说话", "叫你们经理来",
        "不要机器人", "转接客服", "有人工吗？我要人工", "帮我转一下人工",
        "human please", "I want to talk to a human", "agent", "connect me with a representative",
        "can I speak to someone", "get me a real person",
        "a person please", "customer service please", "你们这个机器人听不懂，给我换个人来处理",
    ],
)  # fmt: skip
def test_a_wish_for_a_person(text: str, state: dict[str, Any]) -> None:
    assert commands(text, **state) == (WantPerson(),)


@pytest.mark.parametrize(
    "text",
    [
        "人工费怎么收", "客服电话多少", "不用转人工", "不要转人工，你回答就行",
        "is human hair ok for the robot vacuum", "I don't want to talk to a person",
        "你们客服态度真差", "personal data", "找个师傅来安装", "my manager bought it", "真人客服几点下班",
        "until what time can I talk to a human", "need someone to fix the dryer",
    ],
)  # fmt: skip
def test_words_about_people_are_no_wish_for_one(text: str) -> None:
    assert WantPerson() not in commands(text)


def test_a_wish_for_a_person_at_the_end_of_a_long_message() -> None:
    story = "我上周三在你们这里买了一台冰箱，送来的时候外箱已经破了，里面的门也有一道很长的划痕，" * 8
    assert commands(story + "。我要转人工") == (WantPerson(),)


@pytest.mark.parametrize("state", STATES, ids=NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "退订", "退訂", "TD", "td", "T", "STOP", "stop!", "Unsubscribe", "取消订阅", "别再给我发了", "別再給我發了",
        "不要再给我发广告了", "不要再發廣告給我了", "别发短信给我", "别给我推送消息了", "我要退订", "帮我退订短信",
        "stop sending me messages", "don't email me anymore", "no more marketing emails",
        "take me off your mailing list", "please unsubscribe me", "opt out",
        "请勿再发短信", "不想收到你们的广告", "ＴＤ", "请不要再联系我", "別再聯繫我了", "请勿再打扰我",
    ],
)  # fmt: skip
def test_withdrawal(text: str, state: dict[str, Any]) -> None:
    assert commands(text, **state) == (Withdraw(),)


@pytest.mark.parametrize(
    "text",
    [
        "怎么退订", "how do I unsubscribe", "退订以后还能收到发票吗",
        "why do I still get messages after I unsubscribed?", "别给我发错货了", "不要给我发快递", "可以退订吗？",
        "停止", "stop it", "the machine does not stop", "我要退订单里的冰箱", "what happens if I opt out?", "T恤",
        "不要发货了",
    ],
)  # fmt: skip
def test_a_question_about_it_is_no_withdrawal(text: str) -> None:
    assert Withdraw() not in commands(text)


def test_a_shown_choice_is_taken_before_the_word_withdraws() -> None:
    shown = (Shown("SetSlots(size=T)", "T"), Shown("SetSlots(size=S)", "S"))
    assert Withdraw() not in commands("T", shown=shown)


@pytest.mark.parametrize("text", ["返回助手", "回到機器人", "back to the assistant", "不等了"])
def test_back_to_the_assistant(text: str) -> None:
    assert commands(text) == (BackToBot(),)


@pytest.mark.parametrize(
    ("text", "before", "wanted"),
    [
        ("English please", "zh-Hans", "en"), ("can you speak English?", "zh-Hans", "en"), ("说英文", "zh-Hans", "en"),
        ("用中文", "en", "zh-Hans"), ("請用中文", "en", "zh-Hant"),
        ("中文", "zh-Hant", "zh-Hant"), ("繁體", "zh-Hans", "zh-Hant"), ("换成繁体中文", "zh-Hans", "zh-Hant"),
        ("簡體字", "zh-Hant", "zh-Hans"), ("Chinese please", "en", "zh-Hans"),
        ("switch to traditional Chinese", "en", "zh-Hant"), ("I don't understand Chinese", "zh-Hans", "en"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("state", STATES[:4], ids=NAMES[:4])
def test_another_language(text: str, before: str, wanted: str, state: dict[str, Any]) -> None:
    assert hear(text, locale=before, **state).commands == (Speak(wanted),)


@pytest.mark.parametrize("text", ["英文说明书有吗", "do you have an English manual", "中文版的发票怎么开"])
def test_a_word_about_languages_is_no_wish_for_one(text: str) -> None:
    assert not any(isinstance(command, Speak) for command in commands(text))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("你好", "greeting"), ("Hi there!", "greeting"), ("在嗎", "greeting"), ("谢谢", "thanks"),
        ("好的谢谢", "thanks"), ("thanks a lot 😊", "thanks"), ("再见", "goodbye"),
        ("that's all, thanks", "thanks"), ("你是机器人吗", "who_are_you"), ("who are you?", "who_are_you"),
        ("你能做什么", "who_are_you"), ("真棒", "compliment"),
        ("you are useless", "insult"), ("哈哈哈哈", "laughter"), ("ok", "acknowledgement"),
        ("知道了", "acknowledgement"), ("你好，谢谢", "thanks"),
    ],
)  # fmt: skip
def test_small_talk(text: str, kind: str) -> None:
    assert commands(text) == (SmallTalk(kind),)


@pytest.mark.parametrize("text", ["你好，怎么退货", "thanks, and the fee?", "好的什么时候发货"])
def test_a_question_beside_courtesy_is_a_question(text: str) -> None:
    shelf = Shelf(**{text: answer()})
    assert not any(isinstance(command, SmallTalk) for command in commands(text, shelf))
    assert shelf.asked == 1


@pytest.mark.parametrize(
    "text",
    [
        "我要投诉你们", "再不解决我就打12315", "垃圾公司", "I'll sue you", "this is outrageous", "什么破服务",
        "你們這些騙子", "我要找律师", "曝光你们", "WHY IS MY FRIDGE STILL NOT HERE",
        "到底什么时候退钱！！！", "气死我了", "I am furious", "worst company ever", "太过分了", "我要去消協告你們",
        "真他妈差", "他妈的什么玩意", "妈的又坏了",
    ],
)  # fmt: skip
def test_anger_and_threats(text: str) -> None:
    assert hear(text).upset


@pytest.mark.parametrize(
    "text",
    [
        "我要投诉",
        "我想投诉送货师傅",
        "I want to make a complaint",
        "垃圾桶多少钱",
        "垃圾短信怎么退",
        "13812315345",
        "太好了！！！",
        "THANK YOU SO MUCH",
        "how do I get a refund?",
        "订单12345678",
        "我是他妈妈，我同意",
        "給媽媽的禮物",
        "我妈的手机号是13800138000",
    ],
)
def test_a_plain_wish_is_not_upset(text: str) -> None:
    assert not hear(text).upset


@pytest.mark.parametrize("said", ["ok", "TD", "Anna Li", "a@b.com", "yes"])
def test_a_value_or_a_code_does_not_change_the_language(said: str) -> None:
    assert hear(said, asked=PHONE).locale == "zh-Hans"
    assert hear("where is my order, please?", asked=WORDS).locale == "en"
    assert hear("订单在哪里", locale="en", asked=PHONE).locale == "zh-Hans"

"""The words that stand around an answer on WeChat, in the customer's language."""

_WORDS = {
    "choose": {"zh-Hans": "请回复数字选择：", "zh-Hant": "請回覆數字選擇：", "en": "Reply with a number:"},
    "tap": {"zh-Hans": "请选择：", "zh-Hant": "請選擇：", "en": "Please choose:"},
    "or_write": {
        "zh-Hans": "也可以直接输入您想说的。",
        "zh-Hant": "也可以直接輸入您想說的。",
        "en": "Or just write what you need.",
    },
    "source": {"zh-Hans": "依据：“{}”", "zh-Hant": "依據：「{}」", "en": "Source: “{}”"},
    "file": {"zh-Hans": "附件：{}", "zh-Hant": "附件：{}", "en": "File: {}"},
}


def word(name: str, locale: str, value: str = "") -> str:
    """A wording in a language, in English for one we lack; ``value`` stands in its place."""
    words = _WORDS[name]
    return words.get(locale, words["en"]).replace("{}", value)

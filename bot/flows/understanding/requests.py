"""Requests that are understood in every state, before anything else: a person, the assistant back, small talk."""

import re
import unicodedata
from typing import Literal

Request = Literal["person", "bot", "privacy", "greeting", "thanks", "goodbye"]

# Wishes for a person are matched inside a longer message; small talk only when it is the whole message.
_PERSON = re.compile(
    r"转人工|轉人工|人工(客服|服务|服務|坐席|回复)?[!。！？?]*$|(找|要|叫|换|換|接|联系|聯繫)(一?(个|個|位))?(真人|人工|客服|专员|專員|经理|經理)"
    r"|真人(客服|服务|服務)|(和|跟|同)(真?人|客服|人工)(说|說|聊|谈|談|讲|講)|别跟?我?(用)?机器人|不要(机器人|機器人)"
    r"|\b(talk|speak|chat|connect|transfer|put me through)\b.{0,24}"
    r"\b(human|person|agent|representative|someone|somebody|staff)\b"
    r"|\b(real|live|actual) (human|person|agent)\b|\b(human|live agent|representative|operator)( please)?[.!]*$"
    r"|\b(person|somebody|someone),? please[.!]*$",
    re.IGNORECASE,
)
_BOT = re.compile(
    r"^(返回|回到|继续问|繼續問|切回)(智能)?(助手|机器人|機器人)|^back to (the )?(assistant|bot)", re.IGNORECASE
)
_WHOLE: dict[Request, re.Pattern[str]] = {
    # The words that the notices promise are understood (PR6), and what people say instead.
    "privacy": re.compile(
        r"(我(想|要)?)?(查看|查阅|查閱|导出|匯出|复制|複製|更正|删除|刪除)?我的(隐私|隱私|个人信息|個人資料|個人資訊)"
        r"|((show|see|export|correct|delete) )?my (privacy|data|personal data)",
        re.IGNORECASE,
    ),
    "greeting": re.compile(
        r"(你|您|妳)?好(呀|啊|的?吗)?|(你|您)们好|嗨|哈喽|哈囉|在(吗|嗎|么|不在)?|有人(吗|嗎|在吗|在嗎)?|早上好|下午好|晚上好|早安|晚安"
        r"|hi+|hello+|hey+|hi there|hello there|hey there|good (morning|afternoon|evening)|anyone there|greetings",
        re.IGNORECASE,
    ),
    "thanks": re.compile(
        r"(好的?|嗯|哦)?(非常|太|十分|多)?(谢谢|謝謝|感谢|感謝|多谢|多謝)(你|您|啦|了|哦|啊)*"
        r"|(thanks|thank you|thx|ty|cheers)( so much| a lot| very much)?",
        re.IGNORECASE,
    ),
    "goodbye": re.compile(
        r"再见|再見|拜拜|88|bye( bye)?|goodbye|see you|没(别的)?(问题|事)了|沒(別的)?(問題|事)了|that'?s all",
        re.IGNORECASE,
    ),
}
_PAUSES = re.compile(r"[，,。.！!？?~～;；]+\s*")
LONGEST_WISH, LONGEST_SMALL_TALK = 200, 60


def request_in(text: str) -> Request | None:
    """The request a message makes by itself, if it makes one."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _BOT.search(plain):
        return "bot"
    if len(plain) <= LONGEST_WISH and _PERSON.search(plain):
        return "person"
    if len(plain) > LONGEST_SMALL_TALK:
        return None
    core = _without_edges(plain)
    said = [part for part in _PAUSES.split(core) if part]
    for request, pattern in _WHOLE.items():
        if said and all(pattern.fullmatch(part) for part in said):
            return request
    return None


def _without_edges(text: str) -> str:
    """Without the punctuation, spaces and emoji around it."""
    words = [place for place, letter in enumerate(text) if letter.isalnum()]
    return text[words[0] : words[-1] + 1] if words else ""

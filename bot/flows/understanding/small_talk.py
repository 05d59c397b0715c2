"""Messages that are nothing but courtesy, chat or temper, by kind."""

import re
from typing import Final

from bot.flows.understanding.plain import bare, core

LONGEST: Final = 60
_PAUSES: Final = re.compile(r"[,.!?~;\s](?:[,.!?~;\s]*(?=[^a-z0-9]|$)|(?<!\s)[,.!?~;]*\s*)")
_WHOLE: Final[dict[str, str]] = {
    "greeting": (
        r"(?:(?:你|您)好){1,3}(?:呀|啊|的?吗)?|(?:你|您)们好|大家好|嗨+|(?:哈[喽罗啰]){1,3}|在(?:吗|么|不在|不)?"
        r"|有人(?:吗|在吗|在)?|人呢|人在吗"
        r"|(?:早上|上午|中午|下午|晚上)好|早安?|午安|晚安"
        r"|客服你好|你好客服|亲|hi+|hello+|hey+|hiya|yo|hi there|hello there|hey there|g[mn]|good (?:morning|afternoon"
        r"|evening|day)|anyone there|anybody there|greetings|howdy"
    ),
    "thanks": (
        r"(?:好的?|嗯|哦|行)?(?:非常|太|十分|多|万分)?(?:谢谢|感谢|多谢|谢|谢啦|谢了|辛苦|3q|thx)(?:你|您|啦|了|哦|啊"
        r"|你们|您们|大家)*|麻烦(?:你|您)了|帮大忙了"
        r"|(?:many )?(?:thanks|thank you|thank u|thankyou|thx|ty|tks|cheers|much appreciated|appreciated)(?: so much"
        r"| a lot| very much| a million| a bunch| again| for (?:your|the) help)?"
    ),
    "goodbye": (
        r"再见|拜拜?|88|886|bye+(?: bye+)?|goodbye|good night|see you(?: later| soon)?|see ya|cya|take care"
        r"|没(?:别的)?(?:问题|事)了|没什么(?:别的)?(?:问题|事)?了|先这样|就这样|回头见|回聊|that'?s (?:all|it)"
    ),
    "who_are_you": (
        r"(?:你|您)(?:是|叫)(?:谁|什么|啥|什么名字|哪位|机器人|真人|人|ai|人工智能)(?:吗|么|呢|还是(?:机器人|真人"
        r"|人))*|(?:你|您)(?:到底)?是(?:不是)?(?:机器人|真人|人|ai)(?:还是(?:机器人|真人|人))?(?:吗|么)?"
        r"|你能(?:做|干)(?:些)?(?:什么|啥)|你会(?:做|干)?(?:些)?(?:什么|啥)|你有什么功能|怎么用你"
        r"|who (?:are|r) (?:you|u)|what are you|what can you do|are you (?:an? )?(?:ro?bot|bot|human|person|real|ai"
        r"|real person|machine)|what(?:'s| is) your name|am i (?:talking|chatting) (?:to|with) an? (?:bot|robot"
        r"|machine)"
    ),
    "compliment": (
        r"(?:你|您)?(?:真|太|好|很|非常|挺)(?:棒|厉害|聪明|好|贴心|有用|不错|赞|给力|专业|可爱)(?:了|的|啊|呀|哦)*"
        r"|(?:真|很|挺)?不错(?:的|哦|啊)?|给你点赞|点赞|赞|6{3,5}|牛|厉害|棒"
        r"|(?:that'?s |this is |you'?re |you are |very |really |so )*(?:great|awesome|perfect|excellent|amazing"
        r"|brilliant|wonderful|very helpful|helpful|smart|the best)|good (?:bot|job)|well done|nice(?: one| job)?"
        r"|love it"
    ),
    "insult": (
        r"(?:你|你们|他妈的?|你们?这个?)?(?:真|太|好|是)?(?:个)?(?:垃圾|废物|傻[逼bx]|智障|白痴|笨蛋|蠢货|脑残"
        r"|人工智障|滚|滚蛋|去死|神经病|sb|有病|笨|蠢|烂)(?:机器人|东西|玩意儿?|公司|客服|平台)?(?:死了|透了|了|吧"
        r"|啊)*"
        r"|(?:(?:you|u)(?:'re| are| r)? |this is |so |what an? |an? )*(?:stupid|idiot|dumb|useless|rubbish"
        r"|garbage|trash|moron|crap|shit|bullshit|wtf|fuck(?: you| off)?"
        r"|shut up|suck|sucks|go to hell)(?: (?:bot|robot|company|service"
        r"|thing))?"
    ),
    "laughter": (r"(?:哈|呵|嘿|嘻|hh|233|ha|he|lol|lmao)+(?:哈|呵|嘿|嘻|h|3|a|e)*"),
    "acknowledgement": (
        r"(?:好|好的|嗯+|哦+|噢|行|可以|收到|知道了?|明白了?|了解了?|懂了|ok+|okay|okey|k|got it|i see|understood"
        r"|alright|all right|sure|fine|noted|right)(?:的|了|啦|吧)*"
    ),
}


_SIGNS: Final = {
    "thanks": "🙏❤💕💐🌹💖🫶🤝",
    "greeting": "👋😊🙂😀😃😄🤗",
    "compliment": "👏💯🌟🎉🥰😍",
    "acknowledgement": "👍👌✅✔🆗🫡",
    "laughter": "😂🤣😆😁😹",
    "insult": "😠😡🤬👿💢👎🖕💩🙄😤",
}
_ASIDE: Final = re.compile(r"[\s,.!~\u200d\ufe0f\U0001f3fb-\U0001f3ff]+")
_ANY: Final = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _WHOLE.items()))


def small_talk_of(words: str) -> str | None:
    """The kind of small talk a plain text is, when it is nothing else; of several the last one that is no greeting."""
    if len(words) > LONGEST:
        return None
    if not (said := bare(words)):
        return _kind_of_signs(words)
    if whole := _kind(said):
        return whole
    kinds: list[str] = []
    for piece in _PAUSES.split(words):
        if part := bare(piece):
            kind = None if part == said else _kind(part) or _kind_of_core(part)
            if kind is None:
                return _kind_of_core(said)
            kinds.append(kind)
    telling = [kind for kind in kinds if kind not in ("greeting", "acknowledgement")]
    return (telling or kinds)[-1]


def _kind_of_signs(words: str) -> str | None:
    signs = set(_ASIDE.sub("", words))
    return next((kind for kind, meant in _SIGNS.items() if signs and signs.issubset(meant)), None)


def _kind_of_core(said: str) -> str | None:
    """The kind of a text that is none as it stands, without what is polite around it."""
    polite = core(said)
    return _kind(polite) if polite != said else None


def _kind(said: str) -> str | None:
    match = _ANY.fullmatch(said) if said else None
    return match.lastgroup if match else None

"""What is understood in every state, before anything else: a person, an end of messages, the assistant, a language."""

import re
from typing import Final

from bot.flows.commands import BackToBot, Command, Speak, WantPerson, Withdraw
from bot.flows.understanding.language import language_of
from bot.flows.understanding.plain import SIGNALS, core

_SENTENCE: Final = re.compile(r"[.!?;\n]+")

# Most messages want none of this. Before the wordings of one matter are looked for, one of the words that all of them
# have is (a single sign in Chinese, where spaces may stand between two): what begins with known signs is found fast.
_ABOUT_STAFF: Final = re.compile(
    r"人|客|员|席|经|主|领|店|human|person|people|agent|rep\b|reps\b|representative|somebody|someone|staff|supervisor"
    r"|manager|operator|being|support|customer service|bot"
)
_ABOUT_AN_END: Final = re.compile(r"别|不|停|勿|拒|stop|don't|do not|dont|never|no more|take me|remove me|delete me")
_ABOUT_A_LANGUAGE: Final = re.compile(
    r"英文|英语|繁体|正体|简体|中文|汉语|普通话|国语|华语|english|chinese|mandarin|traditional|simplified"
)

_STAFF = r"(?:真人|活人|人工|客服|专员|坐席|接线员|经理|主管|领导|店长)"
_NOT_THE_STAFF = r"(?!费|成本|安装|电话|号码|热线|微信|邮箱|时间|几点|上班|下班|态度|师傅|智能)"
_PERSON_ZH: Final = re.compile(
    rf"转(?:接|到|给)?(?:一下)?{_STAFF}|^(?:人工|客服|真人|活人)(?:客服|服务|坐席|回复|在线|在吗|呢)*$"
    rf"|人工(?:客服|服务|坐席|回复)?$|(?<!不)(?:找|要|叫|换|接|联系|呼叫|接入|喊|让"
    rf"|来)(?:一?下)?(?:你们)?的?(?:一?[个位名])?{_STAFF}{_NOT_THE_STAFF}"
    rf"|(?:和|跟|同){_STAFF}(?:说|聊|谈|讲|沟通|对话|通话)|(?:找|来|换)个人(?:来|跟|和)?(?:说|聊|谈|讲|回|处理|解决"
    rf"|帮|$)"
    r"|别跟?我?用?机器人|(?:不要|不想(?:和|跟)|讨厌)机器人|真人(?:客服|服务)"
)
_PERSON_REFUSED_ZH: Final = re.compile(
    rf"几点|上下?班|下班|(?:不用|不要|不想|别|不必|不需要|无需|没必要|先不|不是要|不)(?:给我|帮我)?"
    rf"(?:转(?:接|到|给)?|找|要|叫|联系|换)(?:一?[个位])?{_STAFF}"
)
_SOMEONE = (
    r"(?:humans?|persons?|people|agents?|representatives?|reps?|someone|somebody|staff|supervisor|manager|operator)"
)
_STAFF_EN = r"(?:humans?|persons?|agents?|representatives?|reps?|supervisor|manager|operator)"
_PERSON_EN: Final = re.compile(
    rf"\b(?:talk|speak|chat|connect|transfer|put me (?:through|on)|escalate|hand me over)\b[^.?!]{{0,24}}\b{_SOMEONE}\b"
    r"|\b(?:real|live|actual|human) (?:human|person|agent|being|support|representative|operator)\b"
    r"|^(?:an? )?(?:human|agent|representative|operator|customer (?:service|support))$"
    r"|\b(?:human|live agent|representative|operator|customer service) please$|\b(?:person|somebody|someone),? please$"
    rf"|\b(?:need|want|get me|give me|i'd like) (?:an?|the|some|your)? ?(?:\w+ )?{_STAFF_EN}"
    r"(?! (?:\w+ )?(?:hair|resource|error|number))\b|\b(?:need|want) (?:somebody|someone) to (?:talk|speak|chat)\b"
    r"|\bnot (?:talk(?:ing)? to )?a (?:ro)?bot\b"
)
_PERSON_REFUSED_EN: Final = re.compile(
    r"\b(?:what time|until when|what hours|opening hours|how late)\b|\b(?:don't|do not|dont|no need to|rather not"
    r"|won't|not)\b[^.?!]{0,12}"
    r"\b(?:talk|speak|need|want|connect|transfer|chat)\b(?![^.?!]{0,20}\bbot\b)"
)

_BARE_WITHDRAWAL: Final = re.compile(
    r"td|t|n?退订|回?复?(?:td|t)退订|stop|stop ?all|unsubscribe(?: me)?(?: from (?:all|everything|this|these"
    r"|your .{2,20}))?"
    r"|取消订阅|停止(?:发送|推送|订阅)|opt(?: me)? ?out|end messages|不再接收(?:消息|短信|广告|推送|信息|邮件)?"
    r"|拒收|(?:我(?:要|想|想要)|帮我|给我|请(?:帮我)?|麻烦|申请){0,3}(?:退订|取消订阅)(?:了|一下|掉)?(?:所有|全部"
    r"|你们)?的?"
    r"(?:短信|广告|消息|推送|邮件|通知|(?:营销|促销|推广|广告)(?:短信|消息|信息|邮件|推送)?|订阅)?(?:了|一下)?"
    r"|(?:i (?:want|would like|wish) to |i'd like to |please |let me |just )+(?:unsubscribe|opt out)(?: .{0,24})?"
)
_THINGS_SENT = r"(?:消息|短信|广告|信息|推送|邮件|营销|促销|推销|垃圾|电话|优惠|活动|通知)"
_WITHDRAWAL_ZH: Final = re.compile(
    r"(?:别|不要|停止|不用|请勿|不准|不许|勿|不想(?:要|让)?你?们?|拒绝)(?:再|老|总|一直|天天|继续)*(?:给我|向我|跟我"
    r"|往我这儿?)(?:再|继续)?"
    rf"(?:发|推|推送|发送|群发|推销|打)(?:了|这些|那些|任何|什么|各种|你们"
    rf"|的)*{_THINGS_SENT}*(?:的)?{_THINGS_SENT}*(?:了|啦)?$"
    rf"|(?:别|不要|停止|请勿|不想|拒绝|不愿意?)(?:再|继续)*(?:发|推|推送|发送|收到?|接收|接到)(?:了|这些|那些|任何"
    rf"|你们|的|什么|各种)*{_THINGS_SENT}+的?{_THINGS_SENT}*(?:给我|过来)?(?:了|啦)?$"
    rf"|(?:别|不要|停止)(?:再|老是?|总是?|一直)*(?:骚扰|轰炸)我?(?:了|啦)?$|(?:别|不要)再(?:发|推)(?:了|啦)$"
    r"|(?:别|不要|请勿)再(?:继续)?(?:联系|打扰)我(?:了|啦)?$"
)
_MESSAGES = (
    r"(?:messages?|texts?|sms|e-?mails?|ads?|offers?|newsletters?|promotions?|marketing|spam|notifications?|calls?"
    r"|stuff)"
)
_WITHDRAWAL_EN: Final = re.compile(
    r"\bstop (?:sending|texting|e-?mailing|messaging|contacting|spamming|calling|writing|bothering)(?: to)?(?: me"
    r"| us)?\b"
    rf"|\b(?:don't|do not|dont|never) (?:ever )?(?:send|message|text|e-?mail|contact|write|spam"
    rf"|call)(?: to)? me(?: any| your| these| those| more)*(?: {_MESSAGES})*"
    r"(?: any ?more| again| ever| ever again)?$"
    rf"|\bno more (?:\w+ )?{_MESSAGES}\b|\b(?:take|remove|delete) me (?:off|from) (?:your|the|this|all"
    rf"|every) (?:\w+ )?(?:lists?|newsletter)\b"
)
_HOW_TO: Final = re.compile(
    r"怎么|如何|怎样|咋|为什么|为何|吗$|吗\?|能不能|可不可以|是什么|后果|以后还|之后还|\b(?:how|why|what|when|where"
    r"|does|can i|could i|should i|if i|after)\b"
)

_BOT: Final = re.compile(
    r"(?:返回|回到|继续问|先问|切回|转回|我?要?(?:跟|和)?)(?:智能|智慧)?(?:助手|机器人)(?:吧|聊|说|继续)?$|(?:返回|回到|切回"
    r"|转回)(?:智能|智慧)?(?:助手|机器人)"
    r"|(?:please )?(?:go )?back to (?:the )?(?:assistant|bot|robot)|(?:不等了|不排队了|不用转了|取消(?:转人工|排队))$"
)

_LANGUAGES: Final = {
    "en": re.compile(
        r"(?:please )?(?:(?:can|could) (?:you|we) )?(?:please )?(?:(?:speak|use|switch to|change to|reply in|talk in"
        r"|write in|in|answer in) )?(?:the )?english(?: language)?(?: version)?(?: only)?"
        r"|(?:请|能|可以|能不能|麻烦)?(?:你)?(?:说|讲|用|换成?|切换到?|改成?|转)(?:英文|英语)(?:吗|回复|回答|说|交流"
        r"|聊)?|英文|英语|英文版"
        r"|i (?:don't|do not|can't|cannot) (?:speak|read|understand) chinese|(?:do|can) you speak english"
    ),
    "zh-Hant": re.compile(
        r"(?:请|能|可以|麻烦)?(?:你)?(?:说|讲|用|换成?|切换到?|改成?|转)?(?:繁体|正体)(?:中文|字)?(?:吗|回复|回答"
        r"|显示)?"
        r"|(?:please )?(?:(?:use|switch to|change to|in) )?traditional(?: chinese)?(?: characters)?"
    ),
    "zh-Hans": re.compile(
        r"(?:请|能|可以|麻烦)?(?:你)?(?:说|讲|用|换成?|切换到?|改成?|转)?简体(?:中文|字)?(?:吗|回复|回答|显示)?"
        r"|(?:please )?(?:(?:use|switch to|change to|in) )?simplified(?: chinese)?(?: characters)?"
    ),
    "zh": re.compile(
        r"(?:请|能|可以|能不能|麻烦)?(?:你)?(?:说|讲|用|换成?|切换到?|改成?|转)(?:中文|汉语|普通话|国语|华语)(?:吗"
        r"|回复|回答|说|交流|聊)?|中文|汉语|国语|中文版"
        r"|(?:please )?(?:(?:can|could) (?:you|we) )?(?:(?:speak|use|switch to|change to|reply in|in) )?(?:mandarin"
        r"|chinese)(?: language)?"
    ),
}


def wants_a_person(words: str) -> bool:
    """Whether a plain text, or in a long one its first or last sentence, asks for a human being."""
    if not _ABOUT_STAFF.search(words):
        return False
    sentences = [words] if len(words) <= SIGNALS else [words[:SIGNALS], words[-SIGNALS:]]
    return any(_asks_for_staff(part) for sentence in sentences for part in _SENTENCE.split(sentence))


def _asks_for_staff(sentence: str) -> bool:
    said = core(sentence).replace(" ", "") if not sentence.isascii() else core(sentence)
    if not said:
        return False
    if sentence.isascii():
        # Politeness at the end tells "human please" from a word in passing, so it is looked at before it is cut off.
        whole = sentence.strip(" ,~")
        found = _PERSON_EN.search(whole) or _PERSON_EN.search(said)
        return found is not None and not _PERSON_REFUSED_EN.search(whole)
    if _PERSON_EN.search(sentence.strip()):
        return not _PERSON_REFUSED_EN.search(sentence)
    return _PERSON_ZH.search(said) is not None and not _PERSON_REFUSED_ZH.search(said)


def withdraws(words: str) -> bool:
    """Whether a plain text withdraws the consent to be written to; a question about how to do that does not."""
    if len(words) > SIGNALS:
        return False
    said = core(words)
    if _BARE_WITHDRAWAL.fullmatch(said):
        return "?" not in words or said in ("td", "t", "stop")
    if not _ABOUT_AN_END.search(words) or _HOW_TO.search(words):
        return False
    for sentence in _SENTENCE.split(words.replace(",", ".")):
        part = core(sentence)
        if _WITHDRAWAL_ZH.search(part.replace(" ", "")) or _WITHDRAWAL_EN.search(part):
            return True
    return False


def language_wanted(text: str, words: str, locale: str) -> str | None:
    """The locale that a message asks for, when that is all it says."""
    said = core(words)
    if len(said) > 60 or not _ABOUT_A_LANGUAGE.search(said):
        return None
    for wanted, pattern in _LANGUAGES.items():
        if pattern.fullmatch(said):
            if wanted != "zh":
                return wanted
            return language_of(text, locale if locale.startswith("zh") else "zh-Hans").replace("en", "zh-Hans")
    return None


def always_understood(text: str, words: str, locale: str) -> Command | None:
    """The command of a message that is followed whatever is going on; ``words`` is the text in its plain form."""
    if not words:
        return None
    if len(words) <= SIGNALS and _BOT.match(core(words)):
        return BackToBot()
    if wants_a_person(words):
        return WantPerson()
    if withdraws(words):
        return Withdraw()
    wanted = language_wanted(text, words, locale)
    return Speak(wanted) if wanted else None

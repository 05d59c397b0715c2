"""Out of what is going on, or past a question: cancel and skip, in the wordings people type."""

import re
from typing import Final

from bot.flows.understanding.plain import core

_BETWEEN: Final = re.compile(r"[\s,.!~]")
_CANCEL: Final = re.compile(
    r"(?:还是|那|先|那就|我)*(?:算了|取消|退出|结束|停止|停下|终止|不办了|不弄了|不填了|不问了|不说了|不投诉了|不退了"
    r"|不想(?:办|弄|填|说|继续)了|放弃|返回|重新开始|不用了|不要了|不需要了)(?:吧|了|掉|吧不(?:办|弄|用)了|不(?:办|弄"
    r"|用)了|办理|操作|申请|流程|谢谢)*"
    r"|(?:please |just |ok |let'?s |actually |no )*(?:cancel(?: (?:it|this|that|the (?:form|request)))?|never ?mind"
    r"|nevermind|nvm|forget (?:it|about it)|stop (?:it|this|that)|quit|exit|abort|leave it|drop it"
    r"|i changed my mind|no longer needed|go back|start over)(?: please| thanks)*"
)
_NO_RATHER_THAN_CANCEL: Final = re.compile(r"(?:还是|那|先|那就|我)*(?:不用了|不要了|不需要了)(?:吧|谢谢)*")
_WHAT_IS_ASKED: Final = (
    r"(?:订单(?:编?号码?)?|单号|编号|号码?|邮箱(?:地址)?|电子?邮[件箱](?:地址)?|手机号?码?|电话(?:号码)?|地址|手机"
    r"|order(?:number|no|id)?|e-?mail|phone(?:number)?|receipt)"
)
_ASKED_EN: Final = (
    r"(?:order(?: (?:number|no|id))?|number|e-?mail(?: address)?|mail|(?:phone|mobile)(?: number)?|address|receipt)"
)
_SKIP: Final = re.compile(
    r"(?:先|可以|能|我想|这个|这题|我要)*(?:跳过|略过|忽略|下一(?:个|题|步)|不填|不提供|不想(?:说|填|提供|回答|透露)"
    r"|不方便(?:说|提供|透露)?|不回答|暂不(?:提供|填)|先不(?:填|说|提供)|以后再(?:填|说))(?:吧|了|这个|这题|一?下"
    r"|这一?(?:步|项|题))*"
    r"|(?:我)?(?:不知道|不清楚|不记得|忘了|忘记了|不晓得|不确定|找不到)(?:了|啊|呢|诶|订单号|单号|号码)*|没有|没有了"
    r"|没|冇|冇啊|唔知(?:道)?|唔记得|无|没了|暂无|都行|随便|随意|无所谓|都可以"
    r"|(?:please |can (?:i|we) |i(?:'d like| want| would like) to |let'?s )*(?:skip|pass)(?: (?:it|this|that|this one"
    r"|this question|please))*|next(?: question)?|n/?a|none|nothing|no idea|(?:i )?(?:don'?t|do not|dont) (?:know"
    r"|have (?:it|one|any|that)|remember|want to (?:say|answer))|not sure|can'?t remember|i forgot|rather not say"
    r"|prefer not to(?: say| answer)?|whatever|doesn'?t matter|any"
)
_LACKS: Final = re.compile(
    r"(?:我|现在|目前|暂时|手上|手边|手头|这里|也|都|真的|是)*(?:没有?|冇|没带|没存|忘记?了?|找不到|查不到|不记得"
    rf"|记不得|不知道|不清楚|不提供|不想(?:提供|给|填)|丢了)(?:任何|什么|这个|那个|我的|了)*{_WHAT_IS_ASKED}"
    r"(?:了|啊|呢|的|诶|呀|在(?:手上|手边|身边))*"
    rf"|(?:sorry |well |i have |i've got |there is )*no {_ASKED_EN}(?: (?:here|yet|sorry|at hand|on me))*"
    r"|(?:sorry |well |i )*(?:don'?t|do not|have not|haven'?t|can'?t|cannot|can not|couldn'?t|lost|forgot|didn'?t)"
    rf"(?: (?:have|got|get|find|remember|know|keep))?(?: (?:the|my|an?|any|that|this))*(?: (?:it|one|{_ASKED_EN}))"
    r"(?: (?:on me|with me|at hand|handy|here|now|right now|any ?more|yet|sorry))*"
)


def packed(words: str) -> str:
    """The core of a message; of a Chinese one without what stands between its parts ("算了，不弄了")."""
    said = core(words)
    return said if said.isascii() else _BETWEEN.sub("", said)


def cancels(said: str, *, asks_yes_or_no: bool = False) -> bool:
    """Whether a packed text wants out; "不用了" is an answer to a yes-or-no question."""
    return _CANCEL.fullmatch(said) is not None and not (asks_yes_or_no and _NO_RATHER_THAN_CANCEL.fullmatch(said))


def skips(said: str) -> bool:
    """Whether a packed text leaves a question unanswered."""
    return _SKIP.fullmatch(said) is not None


def lacks(said: str) -> bool:
    """Whether a packed text says that a number, an address or the like is not there ("没有订单号")."""
    return _LACKS.fullmatch(said) is not None

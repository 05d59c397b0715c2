"""Yes and no in the many wordings people type."""

import re
from typing import Final

from bot.flows.understanding.plain import bare, core
from bot.flows.understanding.values.read import Read, length_of

_LONGEST: Final = 80
_SPLIT: Final = re.compile(r"[,.!?~;\n]+| but |但是?|不过")
_SIGNS: Final = (("👍", True), ("👌", True), ("✅", True), ("🙆", True), ("✔", True), ("👎", False), ("❌", False),
                 ("🙅", False), ("✖", False), ("❎", False))  # fmt: skip

_END = r"(?:的|了|啦|呀|哦|啊|吧|呢|哈|嘛|噢|喔|哟|没错|就这样|谢谢|可以)*"
_YES: Final = re.compile(
    rf"(?:嗯|恩|嗯嗯|昂|唔){{1,6}}{_END}|(?:好|行|可以|对|是|要|成|中|得|同意|确认|确定|没错|没问题|没有问题|没毛病"
    rf"|正确|无误|没意见|当然|必须|肯定|需要|想|想要|愿意|接受|允许|授权|有|能|会|有的|解决了|满意|有用|有帮助|ok"
    rf"|yes){{1,3}}{_END}"
    rf"|(?:我)?(?:很|非常|完全|都|全|当然|完全都|是很|还是)?(?:同意|愿意|确认|确定|需要|想要?|要|可以|接受|满意"
    rf"|没问题|没有问题|对|正确|好|行|乐意|有用){_END}"
    r"|不错|是(?:的|啊|呀|滴|哒|我|这样|这个|它|本人)+|对(?:头|的|滴)+|好(?:的|滴|哒|吧|呀|啊|嘞|咧|啦|哟|噢)+|好好好"
    r"|行(?:行|吧|呗|的|啊)*|中|妥|木问题|么问题|ojbk|就是"
    r"|(?:信息|内容|以上|资料|上面|全部|都)(?:是|都)?(?:对|正确|无误|没错|没问题|没有问题|ok)(?:的|了)?|(?:提交|继续"
    r"|开始|下一步|就这么办|就这样|这样就好|按这个|那就这样)(?:吧|办|来)?|办吧|请提交|请继续"
    r"|不是不(?:可以|行|愿意|想)|没有不(?:对|同意|满意)(?:的)?|不会不|不得不|没有?错"
    r"|(?:oh |yes |ok |okay |well |sure |yeah )*(?:y|yes+|yeah+|yea|yep+|yup+|ya|yah|ye|sure(?: thing)?|ok+|okay|okey"
    r"|k|correct|right|that'?s (?:right|correct|fine|ok|it|good|me)|true|of course|absolutely|definitely|certainly"
    r"|exactly|indeed|agreed?|i (?:do|agree|accept|am|confirm|consent|want(?: it| to)?|would|have)|please(?: do)?"
    r"|go ahead|confirm(?:ed)?|accept(?:ed)?|sounds good|looks (?:good|right|correct)|fine(?: by me)?|all good"
    r"|perfect|great|good|submit|continue|proceed|do it|why not|no problem|no objections?|not a problem|it (?:is|was"
    r"|did|does|helped)|all (?:correct|right)|everything(?:'s| is) (?:correct|right|fine)|aye|affirmative|alright"
    r"|by all means|you bet|gladly)(?: please| thanks| thank you| yes| sure| ok| it is| correct| go ahead| i do"
    r"| i am)*"
)
_OBJECT: Final = r"(?:它|他|这个|这些|我的?|所有|全部|数据|信息|资料|账号|账户|订单|投诉|申请|吧|了|掉|一下)*"
_DOES: Final = (
    r"(?:删掉|删除|删|注销|提交|申请|登记|退货|换货|退|换|办理|办|预约|约|寄|取件|取|修|发送|发|改|授权|同意|继续办理"
    r"|继续)"
)
_YES_AND: Final = re.compile(
    rf"(?:是的?|对的?|好的?|嗯+|确定|确认|同意|要|可以|行|还是){{1,2}}(?:请|帮我|就|要)*{_DOES}{_OBJECT}"
    r"|(?:yes|yeah|yep|yup|y|sure|ok|okay)(?: please)?(?: (?!no\b|not\b|don'?t\b|but\b|wait\b|cancel\b|stop\b|if\b|or\b"
    r"|change\b|wrong\b|what\b|how\b|why\b|except\b|however\b|later\b|keep\b)[a-z']+){1,3}"
)
_NO_AND: Final = re.compile(
    rf"(?:算了|还是|那|先|那就|我|都|暂时|现在|真的|决定)*(?:不|别|不要|不想|不用|不打算|先不|先别)(?:再|要|想|用)?{_DOES}"
    rf"{_OBJECT}(?:吧|了|啦|掉)*"
    r"|(?:no|nope)(?: please| sorry)?(?: (?!problem|worries|idea|doubt|matter|but\b|rush|yes\b)[a-z']+){1,3}"
)
_NO: Final = re.compile(
    rf"(?:不|否|没|没有|没了|没有了|不是|不对|不行|不可以|不好|不要|不用|不需要|不必|不想|不想要|不同意|不确认|不愿意"
    rf"|不接受|不允许|不了|不会|不能|不满意|不成|不中|不是的|别|先不|算了吧|免了|无|拒绝|没必要|没解决|不解决|没用"
    rf"|没有用|没帮助|no){{1,3}}{_END}"
    rf"|(?:我|还|还是|真的|都|完全|绝|暂时|目前|现在|先|这|并|好像)*(?:不|没有?|别|甭)(?:太|大|是很|怎么|再)?(?:是|对"
    rf"|行|可以|好|要|用|需要|必|想|想要|同意|愿意|接受|了|满意|正确|解决|有用|帮助|方便|合适|提交|确认){_END}"
    r"|错(?:了|的|误)?|有(?:问题|误|错)(?:的)?|信息(?:有误|不对|错了)|下次(?:吧|再说)?|改天(?:吧|再说)?|以后(?:吧"
    r"|再说)|再说吧|考虑一下|再想想|不了不了|不不+|no+"
    r"|(?:oh |no |well |sorry |ok )*(?:n|no+|nope+|nah+|na|nay|not (?:really|now|yet|at all|today|correct|right|true"
    r"|quite|ok|sure about that|helpful|solved|interested|necessary|needed|me|for me|this time)|no (?:thanks?"
    r"|thank you|way|need|never|i (?:don't|do not|disagree))|never|wrong|incorrect|false|i (?:don't|do not|dont"
    r"|disagree|refuse|decline|didn't|won't|wouldn't)(?: agree| accept| want(?: it| to| that)?| think so| need(?: it"
    r"| to)?| consent)?|don'?t(?: do it| submit| want)?|do not|it (?:isn't|is not|wasn't|didn't|doesn't"
    r"|did not)(?: help| work)?|that'?s (?:not (?:right|correct|it|true)|wrong|incorrect)|that is (?:wrong|not right"
    r"|incorrect)|isn't|negative|no longer|refuse|decline|reject|disagree|maybe later|later|another time"
    r"|absolutely not|definitely not|of course not|certainly not|please don'?t|rather not|i'd rather not|unhelpful"
    r"|useless)(?: thanks?| thank you| please| sorry| no| it'?s not| not really| i don'?t| i do not)*"
)


def read_yes_no(words: str) -> Read:
    """True or false of a plain text: of its whole, of all its parts alike, or of how it begins.

    The last word counts where someone thinks aloud ("不，是的"), and an end with "不用了" outweighs a polite "好的".
    """
    if len(words) > _LONGEST:
        return Read(code="yes_or_no")
    if (whole := _judge(words)) is not None:
        return Read(whole)
    if not words.isascii() and _NO_AND.fullmatch(_SPLIT.sub("", core(words))):
        return Read(False)
    for sign, means in _SIGNS:
        if sign in words and length_of(words) == 0:
            return Read(means)
    parts = [part for part in _SPLIT.split(words) if length_of(part)]
    judged = [_judge(part) for part in parts]
    known = [each for each in judged if each is not None]
    if known and len(known) == len(parts):
        return Read(False if known[0] and not known[-1] else known[-1])
    if judged and judged[0] is not None and len(parts) > 1:
        return Read(
            judged[0], rest=sum(length_of(part) for part, each in zip(parts, judged, strict=True) if each is None)
        )
    return Read(code="yes_or_no")


def _judge(part: str) -> bool | None:
    for said in dict.fromkeys((bare(part), core(part))):
        packed = said.replace(" ", "") if not said.isascii() else said
        if not packed:
            continue
        if _YES.fullmatch(packed):
            return True
        if _NO.fullmatch(packed):
            return False
        if _NO_AND.fullmatch(packed):
            return False
        if _YES_AND.fullmatch(packed):
            return True
    return None

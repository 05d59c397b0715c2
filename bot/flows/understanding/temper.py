"""Anger, and the threat to complain elsewhere: whoever takes over should hurry."""

import re
from typing import Final

# Chinese and English stand apart, and every Chinese wording begins with a sign that is given: what begins with one of
# known signs is found several times faster, and all this is looked for in every message.
_SO_BAD = r"(?:差劲|离谱|可恶|恶劣|气人|坑|烂)"
_ANGER_ZH = (
    r"😠|😡|🤬|👿|💢|垃圾(?!短信|邮件|信息|桶|袋|处理器|分类|广告)|骗子|欺骗|坑人|坑爹|气死|气愤|愤怒|火大|忍无可忍|受够"
    r"|恶心(?!反应)|无耻|不要脸|黑心|奸商|太过分|过分了|欺人太甚|欺负(?:人|消费者|客户)|敷衍|推卸责任|踢皮球|糊弄"
    r"|态度(?:极其|非常|太|很|特别)?(?:差|恶劣|烂)|什么(?:破|烂|狗屁|鬼)(?:公司|服务|东西|态度|玩意)"
    rf"|太{_SO_BAD}|真{_SO_BAD}|实在{_SO_BAD}|差劲"
    r"|他妈的(?!手机|电话|地址|号|生日|订单|账号|名)|他妈(?:什么|到底|还|不)|[真太]他妈(?!妈)|妈的(?<![妈我他她爸]妈的)"
    r"|卧槽|傻[逼bx]|滚蛋|去死|王八|混蛋|再也不(?:买|来|会买|用你们)|一肚子火|耍我|玩我呢"
)
_ANGER_EN = (
    r"outrageous|outraged|unacceptable|disgusting|disgusted|disgraceful|furious|livid|angry|fed up|sick of"
    r"|ridiculous|scam(?:med|mers?)?|ripped? off|rip-off|terrible|horrible|appalling|worst|pathetic|rubbish|garbage"
    r"|bullshit|wtf|fuck\w*|shit|damn|joke of a|liars?|thieves|never buy(?:ing)? (?:from you )?again|waste of (?:time"
    r"|money)"
)
_PRESS = r"(?:记者|媒体|电视台)"
_THREAT_ZH = (
    r"消协|消保委|消费者(?:协会|委员会|保护)|工商局?|市场监管|市监局|质监局"
    rf"|黑猫|媒体曝光|曝光你们|找{_PRESS}|上{_PRESS}|给{_PRESS}|发(?:微博|抖音|小红书|朋友圈)(?:曝光|让大家|上)?|律师"
    r"|起诉|法院|打官司|告你们|去告|报警|仲裁|消基会|消保官|法律途径|维权"
    r"|投诉(?:到|去)(?:工商|消协|上级|总部|监管|银监|网信)"
)
_THREAT_EN = (
    r"sue|suing|lawyers?|attorney|solicitor|legal action"
    r"|small claims|court|press charges|call the police|consumer (?:council|protection|rights|affairs|association)"
    r"|ombudsman|trading standards|chargeback|go(?:ing)? to the (?:press|media|police)|better business bureau"
    r"|(?:to|with|the|call|contact) (?:the )?bbb"
)
_HOTLINES = r"12315(?<!\d12315)(?!\d)|12345(?<!\d12345)(?!\d)|315(?<!\d315)(?!\d)"
_UPSET_ZH: Final = re.compile(rf"{_ANGER_ZH}|{_THREAT_ZH}|{_HOTLINES}")
_UPSET_EN: Final = re.compile(rf"\b(?:{_ANGER_EN}|{_THREAT_EN})\b")
_COMPLAINT: Final = re.compile(
    r"(?:要|必须|一定|坚决|马上|立刻|现在就|我)(?:要|会|就)?(?:去)?(?:投诉|举报)(?:你|死|他)"
)
_CAPITALS: Final = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z]{3,}\b")
_LOOKED_AT: Final = 2000


def is_upset(text: str, words: str) -> bool:
    """Whether a message is angry or threatens; a plain wish to complain ("我要投诉") is neither.

    ``words`` is the text in its plain form. Shouting counts with a word of a problem only: joy shouts too.
    """
    words = words[:_LOOKED_AT]
    if _UPSET_ZH.search(words) or _UPSET_EN.search(words):
        return True
    packed = words.replace(" ", "")
    if ("投诉" in packed or "举报" in packed) and _COMPLAINT.search(packed):
        return True
    shouted = "!!!" in words or "???" in words or len(_CAPITALS.findall(text[:_LOOKED_AT])) >= 3
    return shouted and _GRIEVANCE.search(words) is not None


_GRIEVANCE: Final = re.compile(
    r"还不|还没|到底|为什么|凭什么|怎么回事|几次了|多少天|什么时候|退钱|投诉|坏|骗|差|\b(?:still|why|refund|broken"
    r"|wrong|never|again|waiting|complain\w*|money back)\b"
)

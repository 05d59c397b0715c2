"""What is said of an answer below which its rating stands."""

import re
from typing import Final

from bot.flows.understanding.heard import Heard, Shown
from bot.flows.understanding.plain import core

_MISSED: Final = re.compile(
    r"(?:这个?|你的?|你们的?|回答|答案|还是|并|完全|根本|一点|都|也|真的|对我|不好意思)*"
    r"(?:没(?:有)?什?么?用处?|没(?:有)?(?:什么)?帮助|没(?:有)?帮到我?|不是我(?:想|要)?(?:要|问|说|知道)的"
    r"|没(?:有)?(?:解决|回答)(?:了?我的?)?(?:问题|疑问)?|答非所问|没看懂|没说清楚|不管用)(?:啊|呀|了|呢)*"
    r"|(?:no |nope |sorry |but |that |this |it |really |that'?s )*(?:(?:did|does|was|is) ?n(?:o|')?t|not)"
    r" (?:really |quite |very )?(?:help(?:ful|ed|s)?|useful|work(?:ed)?|answer(?:ed)? (?:my|the) question"
    r"|solved?(?: it| my problem)?"
    r"|what i (?:asked|meant|wanted|needed)(?: for)?)(?: me| at all| much)*"
    r"|(?:no |that was |that is |this is )*(?:unhelpful|useless|no help|no use)"
)
_HELPED: Final = re.compile(
    r"(?:谢谢你?|感谢|好的?|嗯|这个|回答|很|真的?|非常|挺|有点|已经|太|问题)*(?:有用|有帮助|帮到我?了?|帮大忙了|解决"
    r"|搞定)(?:谢谢你?|感谢|了|啊|哦|的)*"
    r"|(?:thanks |thank you |yes |great |ok |cool |perfect |that |this |it |really |very |was |is |all )*"
    r"(?:helped|helpful|useful|solved(?: it| my problem)?|worked|answer(?:s|ed) my question)"
    r"(?: me| a lot| thanks| thank you| very much)*"
)
_ASIDE: Final = re.compile(r"[\s,.!?~;][\s,.!?~;]*")
_RATING: Final = re.compile(r"(start\(.*)=(true|false)\)", re.DOTALL)
_LONGEST: Final = 60


def helped(words: str) -> bool | None:
    """Whether a message says that something helped, or did not; ``None`` where it says neither."""
    said = core(words)
    if len(said) > _LONGEST:
        return None
    said = _ASIDE.sub(" " if said.isascii() else "", said)
    return False if _MISSED.fullmatch(said) else True if _HELPED.fullmatch(said) else None


def rating_shown(heard: Heard, good: bool) -> Shown | None:
    """The one of two opposite choices below an answer that says so."""
    found: dict[str, dict[str, Shown]] = {}
    for shown in heard.shown:
        if match := _RATING.fullmatch(shown.id):
            found.setdefault(match[1], {})[match[2]] = shown
    pairs = [pair for pair in found.values() if len(pair) == 2]
    return pairs[-1]["true" if good else "false"] if pairs else None

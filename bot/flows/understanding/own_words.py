"""Words of a customer's own: whether a message is an account of something, or too little to be one."""

import re
from typing import Final

from bot.flows.model import Slot
from bot.flows.understanding.plain import bare, core
from bot.flows.understanding.values.numerals import numbers_in
from bot.flows.understanding.values.yes_no import read_yes_no
from bot.flows.understanding.ways_out import lacks, packed

_EMPTY: Final = re.compile(
    r"(?:继续|开始|下一步|请?说|等等|等一下|稍等|go on|continue|wait|hold on|next|hm+|uh+|er+|.)", re.DOTALL
)
_TELLING: Final = re.compile(
    r"满意|解决|用|帮助|问题|错|误|退|换|修|赔"
    r"|\b(?:useless|unhelpful|wrong|incorrect|work|help|refund|replace|exchange|repair)"
)
"""Yes or no with these says what is the matter."""
_LOOKED_AT: Final = 40


def says_nothing(asked: Slot, words: str) -> bool:
    """Whether a message cannot be what a slot for own words takes: a bare yes or no, a number, signs, "go on"."""
    if not asked.takes:
        return False
    said = core(words)
    if not bare(words) or _EMPTY.fullmatch(said) or lacks(packed(words)):
        return True
    if len(said) > _LOOKED_AT:
        return False
    if read_yes_no(words).code is None and not _TELLING.search(said):
        return True
    return any(start == 0 and end == len(said) for _, start, end in numbers_in(said))

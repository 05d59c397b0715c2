"""A few words that only what was spoken of last gives a meaning: "how much is it", "要多久"."""

import re
from typing import Final

from bot.flows.commands import Answer, Command, StartFlow
from bot.flows.facts import Facts
from bot.flows.model import Definitions
from bot.flows.understanding.choices import command_of
from bot.flows.understanding.given import exactly
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.wishes import Found

_LEANS: Final = re.compile(
    r"(?:那么?|这个?|它|请问|大概|一般|一共|总共|需要|得|要|会)*(?:多少钱|几多钱|怎么收费|如何收费|收费吗|要钱吗|免费吗|贵吗"
    r"|贵不贵|什么价格?|价格|费用|多久|多长时间|要?几天|什么时候)(?:呢|啊|呀|能好|可以)*[?!.~]*"
    r"|(?:and |so |but |ok |then )*(?:how (?:much|long)(?: (?:is|does|do|will|would) (?:it|that|this|they))?"
    r"(?: (?:cost|take|be))?|what(?:'s| is) the (?:price|cost|fee|charge)|what (?:does|will) (?:it|that|this) cost"
    r"|is (?:it|that|this) (?:free|expensive)|do i (?:have to )?pay(?: for (?:it|that|this))?)[?!.~]*"
)
_IT: Final = re.compile(
    r"[这它那](?!个?(?:月|星期|礼拜)|[周天次里儿边些么样年]|时候)"
    r"|\b(?:it|(?:this|that)(?! (?:day|week|month|year|morning|afternoon)))\b"
)
_ANOTHER: Final = re.compile(r"另外?一|别的|其[他它]|\b(?:another|other|else|different)\b")
_LONGEST: Final = 60


def goes_on(heard: Heard, words: str, definitions: Definitions) -> StartFlow | None:
    """The flow that takes up the one before, said word for word; ``words`` is the message in its plain form."""
    before = heard.about.removeprefix("flow:")
    if before == heard.about or len(words) > _LONGEST:
        return None
    for flow in definitions.flows.values():
        if before in flow.after and exactly(flow.id, words, definitions):
            return StartFlow(flow.id)
    return None


def as_shown(wish: Command, heard: Heard, words: str, definitions: Definitions) -> tuple[Command, ...]:
    """The choice that starts the wanted flow for what was just shown ("I want to return it", right below an order)."""
    if not isinstance(wish, StartFlow) or _ANOTHER.search(words):
        return ()
    if not (_IT.search(words) or exactly(wish.flow, words, definitions)):
        return ()
    fitting = [one for one in (*heard.shown, *heard.above) if one.id.startswith(f"start({wish.flow},")]
    return command_of(fitting[0].id, heard, definitions) if len(fitting) == 1 else ()


def about_the_last(
    wish: Command | None, found: Found, heard: Heard, words: str, facts: Facts, locale: str
) -> Command | None:
    """The article that the last one leads on to, where the words lean on it; else the wish as it is."""
    last = heard.about.removeprefix("article:")
    if last == heard.about or not _LEANS.fullmatch(words):
        return wish
    article = facts.article(last, locale)
    near = {other for other, _ in article.related} if article is not None else set()
    if article is None or not near or (isinstance(wish, Answer) and wish.article_id in (last, *near)):
        return wish
    candidates = found.findings.candidates
    if all(one.article_id not in near for one in candidates):
        candidates = facts.search(f"{article.question} {heard.text}", locale).candidates
    return next((Answer(one.article_id) for one in candidates if one.article_id in near), wish)

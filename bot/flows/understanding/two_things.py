"""A message that changes its mind ("还是换货吧"), and one that wants something and asks something beside it."""

import re
from dataclasses import replace
from typing import Final

from bot.flows.commands import Answer, Command, StartFlow
from bot.flows.facts import Facts
from bot.flows.model import Definitions
from bot.flows.understanding.given import CLAUSES, exactly, given_with, story_of
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.plain import asks, core, plain
from bot.flows.understanding.wishes import Found

_INSTEAD: Final = re.compile(
    r"(?:不|算了|那|我|嗯)*[,\s]*(?:还是|改成|改为|不如|要不)(?:我|要|想|办)*(?P<chinese>\S{2,12}?)(?:吧|好了|算了)?"
    r"|(?:(?:actually|no|wait|hmm|well|ok|sorry|rather),? +)*(?P<english>[a-z' ]{3,40}?),? instead"
    r"|(?:(?:no|wait|hmm|well|ok|sorry),? +)*actually,? +(?P<other>[a-z' ]{3,40})"
)
_WANT: Final = re.compile(r"(?:i(?:'d| would| want| like| need| prefer| rather| to)*|let'?s|an?|please|make it|do) ")
_ANOTHER: Final = re.compile(
    r"\s*(?:顺便|順便|另外|还有|還有|对了|對了|再问|再問|请问|請問|想问|想問|by the way|btw|also|and|one more)",
    re.IGNORECASE,
)
_STOPS: Final = ("。", ".", "!", "！", ";", "；")


def instead(heard: Heard, words: str, definitions: Definitions) -> StartFlow | None:
    """The flow that is to take the place of the one going on; ``None`` where what is asked for has such a choice."""
    if heard.flow is None or (said := _INSTEAD.fullmatch(core(words))) is None:
        return None
    wanted = next(part for part in said.groups() if part).strip()
    if any(plain(shown.label) in wanted for shown in heard.shown):
        return None
    forms = {wanted, _WANT.sub("", f"{wanted} ").strip()}
    for flow in definitions.flows.values():
        if flow.offered and flow.id != heard.flow and any(exactly(flow.id, form, definitions) for form in forms):
            return StartFlow(flow.id, instead=True)
    return None


def both_of(
    wish: Command | None, found: Found, heard: Heard, words: str, definitions: Definitions, facts: Facts
) -> tuple[Command, ...]:
    """A wish and, at the end of the message, a question that an article answers; nothing where it is one thing only.

    Only what begins a sentence, or is marked as something else ("by the way …"), is another thing; beside a story only
    the latter, since whoever tells one asks in the middle of it.
    """
    parts = [part for part in CLAUSES.split(heard.text) if part.strip()] if asks(words) else []
    if len(parts) < 2 or not isinstance(wish, StartFlow | Answer):
        return ()
    first, last = parts[0], parts[-1]
    rest = heard.text[: heard.text.rfind(last)].rstrip()
    marked = _ANOTHER.match(last) is not None
    if asks(plain(first)) or not asks(plain(_ANOTHER.sub("", last))) or not (marked or rest.endswith(_STOPS)):
        return ()
    if isinstance(wish, Answer):
        wanted = (one.flow for one in found.findings.wishes if one.flow in definitions.flows)
        flow = next((one for one in wanted if exactly(one, plain(first), definitions)), None)
    else:
        flow = wish.flow
    if flow is None or not definitions.flows[flow].offered or flow == heard.flow:
        return ()
    story = story_of(definitions.flows[flow])
    if story is not None and (story.takes == "everything" or not marked):
        return ()
    question = wish.article_id if isinstance(wish, Answer) else _article(_ANOTHER.sub("", last), heard, facts)
    if question is None:
        return ()
    return (
        StartFlow(flow),
        *given_with(flow, replace(heard, text=rest), plain(rest), definitions),
        Answer(question),
    )


def _article(question: str, heard: Heard, facts: Facts) -> str | None:
    findings = facts.search(question.strip(), heard.locale)
    return findings.candidates[0].article_id if findings.verdict == "answer" else None

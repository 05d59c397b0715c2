"""What a message wants that answers no open question: a flow, an article, or one of several."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.flows.commands import Answer, Clarify, Command, StartFlow
from bot.flows.facts import Facts, Findings
from bot.flows.model import Definitions
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.plain import asks

VERBATIM = 0.99
"""From this confidence on a message is an example of its flow or article, sign by sign."""
MOST_OPTIONS = 3
STATED = 1.0
"""How much likelier a wish is than a question when the message has not the form of one (a logarithm of odds). Measured
on tests/data: more would start flows for what articles answer, less would explain to people what they want done."""
WORTH_OFFERING = 0.3
"""The confidence from which a wish that is not sure is offered; below it guesses are offered for any small talk."""
BESIDE = 0.15
"""The confidence from which a second wish stands beside better options."""


class Found(NamedTuple):
    """What one search found: the wish that may be started, whether it is likelier than any article, and the rest.

    ``stated`` says that the message has not the form of a question.
    """

    findings: Findings
    flow: str | None
    wished: bool
    stated: bool

    @property
    def article(self) -> str | None:
        """The article that is sure enough to be given, if no wish is likelier."""
        return None if self.wished or self.findings.verdict != "answer" else self.findings.candidates[0].article_id


def find(heard: Heard, words: str, definitions: Definitions, facts: Facts, locale: str) -> Found:
    """Searches once; ``words`` is the message in its plain form."""
    findings = facts.search(heard.text, locale)
    flow = startable(findings, definitions, heard)
    stated = not asks(words)
    return Found(findings, flow, flow is not None and findings.lead + (STATED if stated else 0.0) > 0, stated)


def wish_in(found: Found, definitions: Definitions, heard: Heard, locale: str) -> Command | None:
    """The flow or article that the search is sure of, or a choice among those it is not; ``None`` for neither.

    In place of an answer, a wish for what is going on already is that flow: it stands, and nothing else is offered.
    """
    findings = found.findings
    again = heard.asked is not None and findings.sure and findings.wishes[0].flow == heard.flow
    if again and findings.lead + STATED * found.stated > 0:
        return StartFlow(findings.wishes[0].flow)
    if found.wished and found.flow is not None and findings.sure:
        return StartFlow(found.flow)
    if found.article is not None:
        return Answer(found.article)
    if findings.verdict == "nothing" and not (found.wished and findings.wishes[0].confidence >= WORTH_OFFERING):
        return None
    options = tuple(_options(found, definitions, heard, locale))[:MOST_OPTIONS]
    return Clarify(options) if options else None


def certain(found: Found, least: float) -> Command | None:
    """The flow or article of a message while something else is being asked; only from a confidence on."""
    findings = found.findings
    if found.wished and found.flow is not None and findings.sure and findings.wishes[0].confidence >= least:
        return StartFlow(found.flow)
    if found.article is not None and findings.candidates[0].confidence >= least:
        return Answer(found.article)
    return None


def startable(findings: Findings, definitions: Definitions, heard: Heard) -> str | None:
    """The best wish, if it may be started by saying so and is not what is going on already."""
    if not findings.wishes:
        return None
    flow = definitions.flows.get(findings.wishes[0].flow)
    return flow.id if flow is not None and flow.offered and flow.id != heard.flow else None


def _options(found: Found, definitions: Definitions, heard: Heard, locale: str) -> Iterator[tuple[str, str]]:
    """Flows and articles by confidence; what the message more likely is comes first."""
    ranked: list[tuple[float, str, str]] = []
    for wish in found.findings.wishes:
        flow = definitions.flows.get(wish.flow)
        if flow is None or not flow.offered or flow.id == heard.flow:
            continue
        if wish.confidence >= BESIDE:
            ranked.append((wish.confidence + found.wished, f"flow:{flow.id}", flow.name[locale]))
    if found.findings.verdict != "nothing":
        ranked += [
            (candidate.confidence, f"article:{candidate.article_id}", candidate.question)
            for candidate in found.findings.candidates
        ]
    for _, option, label in sorted(ranked, key=lambda each: -each[0]):
        yield option, label

"""What a message wants that answers no open question: a flow, an article, or one of several."""

from collections.abc import Iterator

from bot.flows.commands import Answer, Clarify, Command, StartFlow
from bot.flows.facts import Facts, Findings
from bot.flows.model import Definitions
from bot.flows.understanding.heard import Heard

VERBATIM = 0.99
"""From this confidence on a message is an example of its flow or article, sign by sign."""
MOST_OPTIONS = 3


def wish_in(heard: Heard, definitions: Definitions, facts: Facts, locale: str) -> Command | None:
    """The flow or article that the search is sure of, or a choice among those it is not; ``None`` for neither."""
    findings = facts.search(heard.text, locale)
    flow = startable(findings, definitions, heard)
    if findings.wished and flow is not None and findings.sure:
        return StartFlow(flow)
    if findings.verdict == "answer" and not findings.wished:
        return Answer(findings.candidates[0].article_id)
    options = tuple(_options(findings, definitions, heard, locale))[:MOST_OPTIONS]
    if findings.verdict == "nothing" and not findings.wished:
        return None
    return Clarify(options) if options else None


def certain(heard: Heard, definitions: Definitions, facts: Facts, locale: str, least: float) -> Command | None:
    """The flow or article of a message while something else is being asked; only from a confidence on."""
    findings = facts.search(heard.text, locale)
    flow = startable(findings, definitions, heard)
    if flow is not None and findings.wished and findings.sure and findings.wishes[0].confidence >= least:
        return StartFlow(flow)
    if findings.verdict == "answer" and not findings.wished and findings.candidates[0].confidence >= least:
        return Answer(findings.candidates[0].article_id)
    return None


def startable(findings: Findings, definitions: Definitions, heard: Heard) -> str | None:
    """The best wish, if it may be started by saying so and is not what is going on already."""
    if not findings.wishes:
        return None
    flow = definitions.flows.get(findings.wishes[0].flow)
    return flow.id if flow is not None and flow.offered and flow.id != heard.flow else None


def _options(findings: Findings, definitions: Definitions, heard: Heard, locale: str) -> Iterator[tuple[str, str]]:
    """Flows and articles by confidence, best first."""
    ranked: list[tuple[float, str, str]] = []
    for wish in findings.wishes:
        flow = definitions.flows.get(wish.flow)
        if flow is not None and flow.offered and flow.id != heard.flow:
            ranked.append((wish.confidence + findings.wished, f"flow:{flow.id}", flow.name[locale]))
    if findings.verdict != "nothing":
        ranked += [
            (candidate.confidence, f"article:{candidate.article_id}", candidate.question)
            for candidate in findings.candidates
        ]
    for _, option, label in sorted(ranked, key=lambda each: -each[0]):
        yield option, label

"""Answers and wishes from the knowledge base, as the dialog layer asks for them."""

from collections.abc import Sequence

from bot.flows.facts import ArticleText, Candidate, Findings, Wish
from bot.flows.model import Definitions
from knowledge_base.articles import Article
from knowledge_base.watch import LiveIndex
from knowledge_base.wishes import wishes_from


def wishes_of(definitions: Definitions) -> Sequence[Article]:
    """What the index is to find beside articles: the example sentences of every flow that may be started by them.

    Several intents may start one flow. Flows that are not offered are not found by what is said.
    """
    by_flow: dict[str, dict[str, tuple[str, ...]]] = {}
    for intent in definitions.intents:
        flow = definitions.flows.get(intent.flow)
        if flow is not None and flow.offered:
            examples = by_flow.setdefault(flow.id, {})
            for locale, texts in intent.examples.items():
                examples[locale] = (*examples.get(locale, ()), *texts)
    return wishes_from(by_flow.items())


class Answers:
    """The dialog's facts, read from the index that is current when asked."""

    def __init__(self, live: LiveIndex) -> None:
        self._live = live

    def search(self, text: str, locale: str) -> Findings:
        """See :class:`bot.flows.facts.Facts`."""
        result = self._live.current.search(text, locale)
        candidates = tuple(map(Candidate._make, result.hits))
        wishes = tuple(map(Wish._make, result.wishes))
        return Findings(result.verdict, candidates, wishes, result.sure, result.lead)

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        """See :class:`bot.flows.facts.Facts`."""
        index = self._live.current
        article = index.article(article_id)
        if article is None:
            return None
        related = ((other, index.article(other)) for other in article.related)
        return ArticleText(
            article_id,
            article.question_in(locale),
            article.answer_in(locale),
            tuple((other, found.question_in(locale)) for other, found in related if found is not None),
        )

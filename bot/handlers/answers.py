"""Answers from the knowledge base, as the dialog layer asks for them."""

from bot.flows.facts import ArticleText, Candidate, Findings
from knowledge_base.watch import LiveIndex


class Answers:
    """The dialog's facts, read from the index that is current when asked."""

    def __init__(self, live: LiveIndex) -> None:
        self._live = live

    def search(self, text: str, locale: str) -> Findings:
        """See :class:`bot.flows.facts.Facts`."""
        result = self._live.current.search(text, locale)
        candidates = tuple(Candidate(hit.article_id, hit.question, hit.confidence) for hit in result.hits)
        return Findings(result.verdict, candidates)

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

"""The index over the articles that are valid today, and over wishes: built once, searched from any thread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from knowledge_base.articles import Article, revision_of
from knowledge_base.calibration import Thresholds
from knowledge_base.engine import Engine
from knowledge_base.locales import resolve_locale
from knowledge_base.wishes import PREFIX

Verdict = Literal["answer", "choices", "nothing"]


class Hit(NamedTuple):
    """An article that may answer: its question in the customer's language, and the probability (0..1) that it does."""

    article_id: str
    question: str
    confidence: float


class Wished(NamedTuple):
    """A wish that may be meant, by the name that its id has after ``flow:``, and the probability (0..1) that it is."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """``answer``: give the first hit; ``choices``: offer the hits; ``nothing``: neither. Hits are best first and are
    there whatever the verdict.

    ``wishes`` are best first; ``sure`` says that the first may be followed without asking back, if a wish it is:
    ``lead`` is the logarithm of the odds that the message means it rather than any article.
    """

    verdict: Verdict
    hits: tuple[Hit, ...]
    locale: str
    wishes: tuple[Wished, ...] = ()
    sure: bool = False
    lead: float = 0.0


class KnowledgeIndex:
    """Searches and holds the articles of one day; see :meth:`build`."""

    def __init__(
        self, articles: Mapping[str, Article], revision: str, engine: Engine | None, thresholds: Thresholds
    ) -> None:
        """Take the parts; :meth:`build` makes them."""
        self.revision = revision
        """The content hash of the set of articles that it was built from, those not valid today included."""
        self._articles = articles
        self._engine = engine
        self._thresholds = thresholds

    @classmethod
    def build(
        cls,
        articles: Iterable[Article],
        today: date,
        thresholds: Thresholds | None = None,
        wishes: Sequence[Article] = (),
    ) -> "KnowledgeIndex":
        """Train on the articles that are valid on a day, and on wishes; the same ones give the same index."""
        everything = list(articles)
        thresholds = thresholds or Thresholds()
        valid = [article for article in everything if article.holds_on(today)]
        return cls.around(Engine.train([*valid, *wishes], thresholds), everything, today, thresholds)

    @classmethod
    def around(
        cls, engine: Engine | None, articles: Iterable[Article], today: date, thresholds: Thresholds | None = None
    ) -> "KnowledgeIndex":
        """The index of articles and an engine that was trained on those of them that are valid on a day."""
        everything = list(articles)
        valid = {article.id: article for article in everything if article.holds_on(today)}
        revision = revision_of((article.id, article.content_hash()) for article in everything)
        return cls(valid, revision, engine, thresholds or Thresholds())

    def __len__(self) -> int:
        """How many articles can be found."""
        return len(self._articles)

    def article(self, article_id: str) -> Article | None:
        """An article by its id; ``None`` when there is none of that id that is valid today."""
        return self._articles.get(article_id)

    def search(self, text: str, locale: str, limit: int = 3) -> SearchResult:
        """Find the articles that answer a question, and the wishes it may be; synchronous, in memory, sub-millisecond.

        ``locale`` (a BCP 47 tag) says in which language the hits' questions come back; examples of every language
        are searched. At most ``limit`` hits are returned.
        """
        locale = resolve_locale(locale)
        if self._engine is None:
            return SearchResult("nothing", (), locale)
        ranking = self._engine.rank(text, limit)
        hits = tuple(
            Hit(name, self._articles[name].question_in(locale), sure)
            for place, (name, sure) in enumerate(ranking.articles)
            if place == 0 or sure >= self._thresholds.listed
        )
        wishes = tuple(Wished(name.removeprefix(PREFIX), sure) for name, sure in ranking.wishes)
        sure = bool(wishes) and wishes[0].confidence >= self._engine.start_from
        return SearchResult(self._verdict(hits), hits, locale, wishes, sure, ranking.lead)

    def _verdict(self, hits: tuple[Hit, ...]) -> Verdict:
        if not hits or self._engine is None or hits[0].confidence < self._thresholds.choices:
            return "nothing"
        return "answer" if hits[0].confidence >= self._engine.answer_from else "choices"

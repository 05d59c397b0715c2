"""How good the search is: examples in, held-out questions asked, what the customer would have got counted."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from knowledge_base.articles import Article, with_both_scripts
from knowledge_base.calibration import Thresholds
from knowledge_base.index import KnowledgeIndex, SearchResult
from knowledge_base.locales import resolve_locale

RANKS = 10
"""A right article further down than this counts nothing for the reciprocal rank."""


class FaultyLineError(ValueError):
    """A line of a measuring file is not what it should be; the message names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question, and the id of the article that answers it; ``None`` when none does."""

    text: str
    expected: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    ``top1``, ``top3``, ``mrr``: of the questions that have an answer, thresholds ignored. ``right``, ``wrong``,
    ``refused``: the same questions as the bot would act; choices count as refused. ``oos_recall``: of the questions
    without an answer, those that were not answered; ``None`` without such. All are shares, 0..1. Times in
    milliseconds per question and seconds for the index; ``n`` and ``n_oos`` count the two kinds of questions.
    """

    top1: float
    top3: float
    mrr: float
    right: float
    wrong: float
    refused: float
    oos_recall: float | None
    p50_ms: float
    p99_ms: float
    index_s: float
    n: int
    n_oos: int

    def as_json(self) -> dict[str, float | int | None]:
        """The figures by name, in their fixed order."""
        return asdict(self)


def read_knowledge(path: Path) -> list[Article]:
    """Articles from lines of ``{"id", "question", "variants", "locale"}``; lines of one id are one article."""
    gathered: dict[str, dict[str, list[str]]] = {}
    for number, values in _lines(path):
        try:
            identifier, question = str(values["id"]), _text(values["question"])
            variants = [_text(variant) for variant in values.get("variants") or ()]
            locale = resolve_locale(values.get("locale") or "zh-Hans")
        except (KeyError, TypeError, AttributeError) as error:
            raise FaultyLineError(f"{path}:{number}: expected id, question, variants and locale ({error})") from error
        gathered.setdefault(identifier, {}).setdefault(locale, []).extend([question, *variants])
    return [
        with_both_scripts(
            Article(
                identifier,
                question={locale: texts[0] for locale, texts in by_locale.items()},
                variants={locale: tuple(texts[1:]) for locale, texts in by_locale.items()},
            )
        )
        for identifier, by_locale in gathered.items()
    ]


def read_queries(path: Path) -> list[Query]:
    """Questions from lines of ``{"query", "expected"}``, ``expected`` being an article's id or null."""
    queries = []
    for number, values in _lines(path):
        try:
            expected = values["expected"]
            queries.append(Query(_text(values["query"]), None if expected is None else str(expected)))
        except (KeyError, TypeError) as error:
            raise FaultyLineError(f"{path}:{number}: expected query and expected ({error})") from error
    return queries


def evaluate(articles: Sequence[Article], queries: Sequence[Query], today: date) -> Figures:
    """Build an index over the articles and ask every question once."""
    start = perf_counter()
    index = KnowledgeIndex.build(articles, today, Thresholds(listed=0.0))
    index_s = perf_counter() - start
    locale = _main_locale(articles)
    asked: list[tuple[Query, SearchResult]] = []
    times: list[float] = []
    for query in queries:
        start = perf_counter()
        result = index.search(query.text, locale, RANKS)
        times.append((perf_counter() - start) * 1000)
        asked.append((query, result))
    return _count(asked, times, index_s)


def _count(asked: Sequence[tuple[Query, SearchResult]], times: list[float], index_s: float) -> Figures:
    known = [(query.expected, result) for query, result in asked if query.expected is not None]
    unknown = [result for query, result in asked if query.expected is None]
    places = [_place(expected, result) for expected, result in known]
    answered = [expected == result.hits[0].article_id for expected, result in known if result.verdict == "answer"]
    n = len(known)
    return Figures(
        top1=_share(sum(place == 1 for place in places), n),
        top3=_share(sum(1 <= place <= 3 for place in places), n),
        mrr=_share(sum(1 / place for place in places if place), n),
        right=_share(sum(answered), n),
        wrong=_share(len(answered) - sum(answered), n),
        refused=_share(n - len(answered), n),
        oos_recall=_share(sum(result.verdict != "answer" for result in unknown), len(unknown)) if unknown else None,
        p50_ms=_quantile(times, 0.50),
        p99_ms=_quantile(times, 0.99),
        index_s=round(index_s, 3),
        n=n,
        n_oos=len(unknown),
    )


def _place(expected: str, result: SearchResult) -> int:
    """The rank of the expected article, from 1; 0 where it is not among the hits."""
    return next((place for place, hit in enumerate(result.hits, 1) if hit.article_id == expected), 0)


def _main_locale(articles: Iterable[Article]) -> str:
    first = next(iter(articles), None)
    return next(iter(first.question), "zh-Hans") if first else "zh-Hans"


def _share(part: float, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else 0.0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _lines(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except json.JSONDecodeError as error:
                raise FaultyLineError(f"{path}:{number}: not JSON: {error.msg}") from error
            if not isinstance(values, dict):
                raise FaultyLineError(f"{path}:{number}: expected an object")
            yield number, values

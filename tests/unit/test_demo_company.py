"""The demo company's articles hold together, and its held-out questions are fair to measure with."""

import json
import re
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import opencc
import pytest
import yaml

from knowledge_base.demo import ARTICLES

QUERIES = Path(__file__).parents[1] / "data" / "demo_queries.jsonl"
LANGUAGES = {"zh-Hans", "en"}
REQUIRED_KEYS = {"id", "tags", "question", "variants", "answer", "related"}
OPTIONAL_KEYS = {"valid_from", "valid_until"}
TOPICS = {"orders", "delivery", "returns", "repair", "warranty", "invoices", "membership", "privacy"}
TO_SIMPLIFIED = opencc.OpenCC("t2s")

Article = dict[str, Any]
Query = dict[str, Any]


def folded(text: str) -> str:
    """The text as a search would see it: one width, one case, one script, no punctuation around it."""
    plain = unicodedata.normalize("NFKC", TO_SIMPLIFIED.convert(text)).casefold()
    return re.sub(r"\W+", " ", plain).strip()


def language(text: str) -> str:
    if not re.search(r"[\u4e00-\u9fff]", text):
        return "en"
    return "zh-Hans" if TO_SIMPLIFIED.convert(text) == text else "zh-Hant"


def pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def load_articles() -> dict[str, Article]:
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(ARTICLES.glob("*.yaml"))}


def load_queries() -> list[Query]:
    return [json.loads(line) for line in QUERIES.read_text("utf-8").splitlines()]


def wordings(articles: dict[str, Article]) -> list[tuple[str, str]]:
    """Every question and variant of the set, folded, with its article's id."""
    return [
        (folded(text), name)
        for name, article in articles.items()
        for lang in LANGUAGES
        for text in [article["question"][lang], *article["variants"][lang]]
    ]


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    return load_articles()


@pytest.fixture(scope="module")
def queries() -> list[Query]:
    return load_queries()


@pytest.mark.parametrize("name", sorted(load_articles()))
def test_an_article_has_the_agreed_layout(name: str, articles: dict[str, Article]) -> None:
    article = articles[name]
    assert article["id"] == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert REQUIRED_KEYS <= article.keys() <= REQUIRED_KEYS | OPTIONAL_KEYS
    assert article["tags"]
    for key in ("question", "variants", "answer"):
        assert article[key].keys() == LANGUAGES
    for lang in LANGUAGES:
        # An unquoted yes, no or number is not text in YAML, and would break the search much later.
        assert all(isinstance(text, str) for text in article["variants"][lang])
        assert 5 <= len(article["variants"][lang]) <= 9
        assert max(len(text) for text in article["variants"][lang]) <= 80
        assert len(article["question"][lang]) <= 100
        assert 20 <= len(article["answer"][lang].strip()) <= 700


@pytest.mark.parametrize("name", sorted(load_articles()))
def test_an_article_speaks_each_language_and_both_alike(name: str, articles: dict[str, Article]) -> None:
    article = articles[name]
    assert language(article["question"]["en"]) == "en"
    assert language(article["question"]["zh-Hans"]) == "zh-Hans"
    links = [set(re.findall(r"\]\((.+?)\)", article["answer"][lang])) for lang in sorted(LANGUAGES)]
    assert links[0] == links[1]
    assert all(link.startswith("https://www.example.com/") for link in links[0])


def test_every_contact_is_invented(articles: dict[str, Article]) -> None:
    """One hotline and one domain, both of nobody: a demo must not send people to strangers."""
    answers = "\n".join(article["answer"][lang] for article in articles.values() for lang in LANGUAGES)
    assert set(re.findall(r"\d[\d-]{8,}\d", answers)) == {"400-000-0000"}
    assert set(re.findall(r"[\w.]+@([\w.]+\w)", answers)) == {"example.com"}


def test_related_articles_exist_and_are_others(articles: dict[str, Article]) -> None:
    for name, article in articles.items():
        related = article["related"]
        assert len(related) == len(set(related)) <= 3
        assert name not in related
        assert set(related) <= articles.keys(), name


def test_no_wording_occurs_twice(articles: dict[str, Article]) -> None:
    counts = Counter(text for text, _ in wordings(articles))
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_topic_is_covered(articles: dict[str, Article]) -> None:
    tags = Counter(tag for article in articles.values() for tag in article["tags"])
    assert len(articles) >= 55
    assert {topic for topic in TOPICS if tags[topic] >= 3} == TOPICS


def test_validity_dates_are_dates_in_order(articles: dict[str, Article]) -> None:
    bounded = [article for article in articles.values() if OPTIONAL_KEYS & article.keys()]
    assert bounded
    for article in bounded:
        start = article.get("valid_from", date.min)
        end = article.get("valid_until", date.max)
        assert type(start) is date
        assert type(end) is date
        assert start <= end


def test_queries_name_articles_that_hold_at_any_date(articles: dict[str, Article], queries: list[Query]) -> None:
    """A query about a seasonal article would be right on some days only."""
    timeless = {name for name, article in articles.items() if not OPTIONAL_KEYS & article.keys()}
    assert all(query.keys() == {"query", "expected"} for query in queries)
    expected = {query["expected"] for query in queries} - {None}
    assert expected == timeless


def test_queries_are_held_out(articles: dict[str, Article], queries: list[Query]) -> None:
    known = {text for text, _ in wordings(articles)}
    asked = [folded(query["query"]) for query in queries]
    assert len(asked) == len(set(asked))
    # A variant with one word changed would measure memory, not search.
    known_pairs = {text: pairs(text) for text in known}
    for new in asked:
        ours = pairs(new)
        assert [old for old, theirs in known_pairs.items() if len(ours & theirs) > 0.6 * len(ours | theirs)] == []


def test_queries_span_languages_and_the_out_of_scope(queries: list[Query]) -> None:
    spoken = Counter(language(query["query"]) for query in queries)
    assert len(queries) >= 200
    assert spoken["zh-Hans"] >= 100
    assert spoken["zh-Hant"] >= 30
    assert spoken["en"] >= 60
    assert sum(query["expected"] is None for query in queries) >= 45

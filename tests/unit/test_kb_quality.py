"""How good the search is may not fall: on a Chinese set of our own, on the demo company's questions, on public data."""

import csv
import json
import random
from collections import defaultdict
from datetime import date
from pathlib import Path

import opencc
import pytest

from knowledge_base.articles import Article
from knowledge_base.demo import ARTICLES
from knowledge_base.evaluation import Figures, Query, evaluate, read_knowledge, read_queries
from knowledge_base.files import read_articles

DATA = Path(__file__).parents[1] / "data"
BANKING77 = Path(__file__).parents[3] / "shared" / "data" / "banking77" / "train.csv"
TODAY = date(2026, 6, 15)


def shortened(articles: list[Article], examples: int) -> list[Article]:
    """The articles with so many wordings per language."""
    return [
        Article(
            article.id,
            article.question,
            article.answer,
            {locale: texts[: examples - 1] for locale, texts in article.variants.items()},
        )
        for article in articles
    ]


@pytest.fixture(scope="module")
def chinese() -> list[Article]:
    return read_knowledge(DATA / "kb_zh_knowledge.jsonl")


@pytest.fixture(scope="module")
def asked() -> list[Query]:
    return read_queries(DATA / "kb_zh_queries.jsonl")


@pytest.fixture(scope="module")
def plain(chinese: list[Article], asked: list[Query]) -> Figures:
    return evaluate(chinese, asked, TODAY)


def test_the_chinese_questions_are_held_out(chinese: list[Article], asked: list[Query]) -> None:
    known = {text for article in chinese for wording in article.wordings() for text in wording}
    assert known.isdisjoint(query.text for query in asked)
    assert (len(chinese), len(asked)) == (46, 280)


def test_ten_chinese_examples(plain: Figures) -> None:
    assert plain.top1 >= 0.80
    assert plain.top3 >= 0.91
    assert plain.right >= 0.65
    assert plain.wrong <= 0.05
    assert plain.oos_recall is not None
    assert plain.oos_recall >= 0.85


@pytest.mark.parametrize(("examples", "top1", "wrong"), [(1, 0.66, 0.06), (3, 0.72, 0.10)])
def test_a_young_knowledge_base(
    chinese: list[Article], asked: list[Query], examples: int, top1: float, wrong: float
) -> None:
    figures = evaluate(shortened(chinese, examples), asked, TODAY)
    assert figures.top1 >= top1
    assert figures.wrong <= wrong


def test_traditional_characters_cost_nearly_nothing(chinese: list[Article], asked: list[Query], plain: Figures) -> None:
    convert = opencc.OpenCC("s2t").convert
    figures = evaluate(chinese, [Query(convert(query.text), query.expected) for query in asked], TODAY)
    assert figures.top1 >= plain.top1 - 0.01


def test_one_wrong_character_costs_little(chinese: list[Article], asked: list[Query], plain: Figures) -> None:
    chance = random.Random(5)
    signs = sorted({sign for query in asked for sign in query.text})
    typed = []
    for query in asked:
        place = chance.randrange(len(query.text))
        text = query.text[:place] + chance.choice(signs) + query.text[place + 1 :]
        typed.append(Query(text, query.expected))
    assert evaluate(chinese, typed, TODAY).top1 >= plain.top1 - 0.17


def test_the_demo_company_answers_questions_it_has_not_seen() -> None:
    queries = read_queries(DATA / "demo_queries.jsonl")
    figures = evaluate(read_articles(ARTICLES), queries, TODAY)
    assert figures.top1 >= 0.80
    assert figures.top3 >= 0.91
    assert figures.right >= 0.42
    assert figures.wrong <= 0.03
    assert figures.oos_recall is not None
    assert figures.oos_recall >= 0.95


if BANKING77.exists():  # a public collection that is no part of the project

    def test_english_banking_questions_with_ten_examples() -> None:
        texts: dict[str, list[str]] = defaultdict(list)
        with BANKING77.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                texts[row["category"]].append(row["text"])
        articles, queries = [], []
        for category, all_texts in texts.items():
            shuffled = random.Random(11).sample(all_texts, len(all_texts))
            articles.append(Article(category, {"en": shuffled[0]}, {}, {"en": tuple(shuffled[1:10])}))
            queries += [Query(text, category) for text in shuffled[10:20]]
        strangers = [json.loads(line) for line in (DATA / "demo_queries.jsonl").read_text("utf-8").splitlines()]
        queries += [Query(row["query"], None) for row in strangers if row["expected"] is None]
        figures = evaluate(articles, queries, TODAY)
        assert figures.top1 >= 0.74
        assert figures.top3 >= 0.89
        assert figures.wrong <= 0.07
        assert figures.oos_recall is not None
        assert figures.oos_recall >= 0.9

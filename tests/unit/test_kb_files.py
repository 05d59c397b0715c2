"""Articles as files: each fault is named by file and line, and a folder is taken whole or not at all."""

from datetime import date
from pathlib import Path

import pytest

from knowledge_base.articles import article_from_json
from knowledge_base.demo import ARTICLES
from knowledge_base.files import MAX_BYTES, ArticleFaultsError, read_articles

GOOD = """\
id: returns-how
tags: [returns]
valid_from: 2026-01-01
question: {zh-Hans: 怎么退货？, en: "How do I return it?"}
variants: {zh-Hans: [我想退货], en: [return policy, send it back]}
answer:
  zh-Hans: |
    质量问题请看[说明](https://www.example.com/软件)。
  en: |
    See [how](https://www.example.com/how).
"""


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(ArticleFaultsError) as caught:
        read_articles(folder)
    return [str(fault) for fault in caught.value.faults]


def test_an_article_is_read_with_both_scripts(tmp_path: Path) -> None:
    write(tmp_path, "sub/returns-how.yaml", GOOD)
    write(tmp_path, "README.md", "about this folder")
    write(tmp_path, "_drafts/broken.yaml", "]")
    (article,) = read_articles(tmp_path)
    assert article.id == "returns-how"
    assert article.tags == ("returns",)
    assert (article.valid_from, article.valid_until) == (date(2026, 1, 1), None)
    assert article.question_in("zh-TW") == "怎麼退貨？"
    assert article.variants["zh-Hant"] == ("我想退貨",)
    assert article.answer_in("zh-Hant") == "質量問題請看[說明](https://www.example.com/软件)。"
    assert article_from_json(article.as_json()) == article


def test_markdown_answers_in_the_language_it_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        "gift.md",
        "---\nid: gift\nlanguage: en\nquestion: Is it a gift?\nvariants: [a gift, present]\n"
        "answer: {zh-Hans: 是礼物}\n---\nYes.\n\nSee [more](https://example.com).\n",
    )
    (article,) = read_articles(tmp_path)
    assert article.answer_in("en") == "Yes.\n\nSee [more](https://example.com)."
    assert article.answer_in("zh-Hant") == "是禮物"
    assert article.variants == {"en": ("a gift", "present")}
    assert article.question_in("zh-Hans") == "Is it a gift?"


def test_a_missing_language_falls_back(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "id: a\nquestion: {zh-Hant: 保固多久}\nanswer: {zh-Hant: 兩年}\n")
    (article,) = read_articles(tmp_path)
    assert article.answer_in("zh-Hans") == "两年"
    assert article.answer_in("en") == "两年"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("id: returns-how", "id: other"), "1: id: expected returns-how, the file's name"),
        (("id: returns-how", "id: Returns_How"), "1: id: expected lower-case letters, digits and single hyphens"),
        (("id: returns-how\n", ""), "1: id: is missing"),
        (("tags: [returns]", "tags: returns"), "2: tags: expected a list"),
        (("tags: [returns]", "tags: [yes]"), "2: tags: expected text; put yes, no, numbers and dates in quotes"),
        (("tags: [returns]", "tags: [a, a]"), "2: tags: a name is there twice"),
        (("2026-01-01", "soon"), "3: valid_from: expected a date such as 2026-01-31"),
        (("2026-01-01", "2026-01-01 10:00:00"), "3: valid_from: expected a date such as 2026-01-31"),
        (("2026-01-01", "[2026-01-01]"), "3: valid_from: expected a date such as 2026-01-31"),
        (("2026-01-01", "2026-01-01\nvalid_until: 2025-12-31"), "4: valid_until: is before valid_from"),
        (
            ('en: "How do I return it?"', "fr: Comment"),
            "4: question: unknown key fr (known: zh-Hans, zh-Hant, en)",
        ),
        (('en: "How do I return it?"', "en: ''"), "4: question: is empty"),
        (('en: "How do I return it?"', 'en: "a\\0b"'), "4: question: holds a control character"),
        (('en: "How do I return it?"', "en: " + "x" * 501), "4: question: has 501 characters, more than 500"),
        (("[return policy, send it back]", "return policy"), "5: variants: expected a list"),
        (
            ("[return policy, send it back]", "[12]"),
            "5: variants: expected text; put yes, no, numbers and dates in quotes",
        ),
        (("tags: [returns]", "tags: [returns]\ntags: []"), "3: article: tags is there twice"),
        (("tags: [returns]", "titel: x"), "2: article: unknown key titel"),
        (("tags: [returns]", "related: [nowhere]"), "2: related: there is no article nowhere"),
        (("tags: [returns]", "related: [returns-how]"), "2: related: names the article itself"),
        (("tags: [returns]", "tags: [returns"), "3: not YAML: "),
        (('"How do I return it?"', "How?"), "4: not YAML: expected ',' or '}', but got '?' (inside { } and [ ], put"),
        (("tags: [returns]", "tags: !!python/object:os.system x"), "2: tags: expected a list"),
        ((GOOD, ""), "1: the file is empty"),
        ((GOOD, "- a\n- b\n"), "1: article: expected a mapping"),
        ((GOOD, "[" * 5_000), "1: nested too deeply"),
        ((GOOD, "id: returns-how\nquestion: {}\nanswer: {en: x}"), "2: question: is in no language"),
        ((GOOD, "id: returns-how\nquestion: {en: x}\n"), "1: answer: is missing"),
        ((GOOD, "x" * (MAX_BYTES + 1)), "1: the file is larger than 1,000,000 bytes"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_fault_is_named_by_file_line_and_reason(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    assert change[0] in GOOD
    write(tmp_path, "returns-how.yaml", GOOD.replace(*change, 1))
    assert any(line.startswith(f"returns-how.yaml:{fault}") for line in faults_of(tmp_path)), faults_of(tmp_path)


def test_every_fault_of_every_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "returns-how.yaml", GOOD)
    write(tmp_path, "b.yaml", "id: c\ntags: 1\nquestion: {en: q}\nanswer: {en: a}\n")
    (tmp_path / "d.yaml").write_bytes(b"id: d\nquestion: {en: \xff}\n")
    write(tmp_path, "e.md", "no front matter")
    write(tmp_path, "f.md", "---\nid: f\nquestion: q\n---\nanswer")
    write(tmp_path, "g/returns-how.yaml", GOOD)
    assert faults_of(tmp_path) == [
        "b.yaml:1: id: expected b, the file's name",
        "b.yaml:2: tags: expected a list",
        "d.yaml:2: the file is not UTF-8",
        "e.md:1: Markdown needs front matter between two lines of ---",
        "f.md:2: language: is missing; it names the language of the text below, one of zh-Hans, zh-Hant, en",
        "returns-how.yaml:1: the id returns-how is already that of g/returns-how.yaml",
    ]


def test_a_folder_without_articles_is_a_fault(tmp_path: Path) -> None:
    assert "there is no article" in faults_of(tmp_path)[0]
    assert "not a folder" in faults_of(tmp_path / "missing")[0]


def test_the_demo_company_is_read_whole() -> None:
    articles = read_articles(ARTICLES)
    assert len(articles) == len(list(ARTICLES.glob("*.yaml"))) >= 55
    assert all(article.question_in("zh-Hant") and article.answer_in("zh-Hant") for article in articles)

"""The figures count what they say, from files whose faults are named."""

import json
from datetime import date
from pathlib import Path

import pytest

from bot.__main__ import main
from knowledge_base.evaluation import FaultyLineError, Query, evaluate, read_knowledge, read_queries

KEYS = ["top1", "top3", "mrr", "right", "wrong", "refused", "oos_recall", "p50_ms", "p99_ms", "index_s", "n", "n_oos"]
KNOWLEDGE = [
    {"id": "return", "question": "怎么退货", "variants": ["我想退货", "退货流程"], "locale": "zh-Hans"},
    {"id": "invoice", "question": "怎么开发票", "variants": ["我要发票"], "locale": "zh"},
    {"id": "invoice", "question": "How do I get an invoice?", "variants": [], "locale": "en-US"},
    {"id": 7, "question": "几点开门", "variants": None, "locale": None},
]


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n\n" for row in rows), encoding="utf-8")
    return path


def test_lines_of_one_id_are_one_article(tmp_path: Path) -> None:
    articles = read_knowledge(write(tmp_path / "k.jsonl", list(KNOWLEDGE)))
    assert [article.id for article in articles] == ["return", "invoice", "7"]
    assert articles[1].question_in("en") == "How do I get an invoice?"
    assert articles[1].question_in("zh-TW") == "怎麼開發票"


def test_the_figures_count_what_they_say(tmp_path: Path) -> None:
    articles = read_knowledge(write(tmp_path / "k.jsonl", list(KNOWLEDGE)))
    queries = [
        Query("怎么退货", "return"),  # known word for word: answered rightly
        Query("how do i get an invoice", "return"),  # answered wrongly, though not by the search's fault
        Query("你好", "invoice"),  # refused, and found nowhere
        Query("讲个笑话", None),
        Query("几点开门", None),  # answered, although it should not be
    ]
    figures = evaluate(articles, queries, date(2026, 1, 1)).as_json()
    assert list(figures) == KEYS
    assert (figures["n"], figures["n_oos"]) == (3, 2)
    assert (figures["right"], figures["wrong"], figures["refused"]) == (0.3333, 0.3333, 0.3333)
    assert figures["oos_recall"] == 0.5
    assert figures["top1"] == 0.3333
    assert figures["top3"] == figures["mrr"] == 0.3333
    assert figures["p99_ms"] >= figures["p50_ms"] > 0  # type: ignore[operator]


def test_without_questions_of_a_kind_its_share_is_null_or_nought(tmp_path: Path) -> None:
    articles = read_knowledge(write(tmp_path / "k.jsonl", list(KNOWLEDGE)))
    assert evaluate(articles, [Query("怎么退货", "return")], date(2026, 1, 1)).oos_recall is None
    nobody = evaluate([], [Query("怎么退货", None)], date(2026, 1, 1))
    assert (nobody.n, nobody.top1, nobody.oos_recall) == (0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ('{"id": "a"}', "expected id"),
        ('{"id": "a", "question": 1}', "text"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "k.jsonl"
    path.write_text('{"id": "a", "question": "q"}\n' + line, encoding="utf-8")
    with pytest.raises(FaultyLineError, match=rf"k\.jsonl:2: .*{reason}"):
        read_knowledge(path)
    path.write_text('{"query": "q", "expected": null}\n{"query": "q"}', encoding="utf-8")
    with pytest.raises(FaultyLineError, match=r"k\.jsonl:2: expected query and expected"):
        read_queries(path)


def test_the_command_prints_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    knowledge = write(tmp_path / "k.jsonl", list(KNOWLEDGE))
    queries = write(tmp_path / "q.jsonl", [{"query": "怎么退货", "expected": "return"}])
    arguments = ["kb", "eval", "--knowledge", str(knowledge), "--queries", str(queries)]
    assert main([*arguments, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert list(json.loads(line)) == KEYS
    assert json.loads(line)["oos_recall"] is None
    assert main(arguments) == 0
    table = capsys.readouterr().out
    assert all(key in table for key in KEYS)


def test_the_command_says_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.jsonl")
    assert main(["kb", "eval", "--knowledge", missing, "--queries", missing]) == 1
    assert "none.jsonl" in capsys.readouterr().err


def test_a_folder_is_checked_without_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("id: a\nquestion: {en: q}\nanswer: {en: a}\n", encoding="utf-8")
    assert main(["kb", "check", str(tmp_path)]) == 0
    assert "1 articles, no fault" in capsys.readouterr().out
    (tmp_path / "b.yaml").write_text("id: b\n", encoding="utf-8")
    assert main(["kb", "check", str(tmp_path)]) == 1
    assert "b.yaml:1: question: is missing" in capsys.readouterr().err

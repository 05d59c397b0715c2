"""``yingda kb``: check, import and list articles, and measure how well they are found."""

import argparse
import json
import os
import sys
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the other imports stand in the commands: `kb eval` must not wait for the database's packages
    from knowledge_base.articles import Article
    from knowledge_base.evaluation import Figures

DEFAULT_SOURCE = "files"
_MEANING = {
    "top1": "right article first, thresholds ignored",
    "top3": "right article among the first three",
    "mrr": "mean reciprocal rank",
    "right": "answered rightly",
    "wrong": "answered wrongly",
    "refused": "choices offered, or refused",
    "oos_recall": "questions without an answer that were not answered",
    "p50_ms": "milliseconds per question, median",
    "p99_ms": "milliseconds per question, 99th percentile",
    "index_s": "seconds to build the index",
    "n": "questions that have an answer",
    "n_oos": "questions that have none",
}


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``kb`` with its sub-commands."""
    parser = commands.add_parser("kb")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    check = actions.add_parser("check", help="say what is wrong with a folder of articles; needs no database")
    check.add_argument("folder", type=Path)
    check.set_defaults(run=check_folder)

    load = actions.add_parser("import", help="make the store's articles of a source exactly those of a folder")
    load.add_argument("folder", type=Path)
    load.add_argument("--source", default=DEFAULT_SOURCE, help=f"whose articles these are ({DEFAULT_SOURCE})")
    load.set_defaults(run=import_folder)

    remove = actions.add_parser("remove", help="take a source's articles out of the store, the demo company's say")
    remove.add_argument("--source", required=True)
    remove.set_defaults(run=remove_source)

    show = actions.add_parser("list", help="list the articles in the store")
    show.add_argument("words", nargs="?", help="only those whose id, tags or question hold this")
    show.add_argument("--locale", default="zh-Hans", help="the language of the questions shown (zh-Hans)")
    show.set_defaults(run=list_articles)

    measure = actions.add_parser("eval", help="measure the search on files; the store is left alone")
    measure.add_argument("--knowledge", type=Path, required=True, metavar="K.jsonl")
    measure.add_argument("--queries", type=Path, required=True, metavar="Q.jsonl")
    measure.add_argument("--json", action="store_true", help="one line of JSON")
    measure.set_defaults(run=measure_files)


def check_folder(args: argparse.Namespace) -> int:
    """0 when the folder's articles could be imported, 1 when not; each fault is one line."""
    articles = _read(args.folder)
    if articles is None:
        return 1
    print(f"{len(articles)} articles, no fault")
    return 0


async def import_folder(args: argparse.Namespace) -> int:
    """0 when the whole folder is in the store, 1 when nothing of it is."""
    articles = _read(args.folder)
    if articles is None:
        return 1
    from bot.commands.store import open_store
    from knowledge_base.store import ArticleOfOtherSourceError, import_articles, sources

    try:
        async with open_store(args) as engine, engine.begin() as connection:
            report = await import_articles(connection, articles, args.source)
            others = {name: count for name, count in (await sources(connection)).items() if name != args.source}
    except ArticleOfOtherSourceError as error:
        print(error, file=sys.stderr)
        return 1
    for sign, names in (("+", report.added), ("~", report.changed), ("-", report.removed)):
        for name in names:
            print(sign, name)
    print(
        f"{len(report.added)} added, {len(report.changed)} changed, {len(report.removed)} removed,"
        f" {len(report.unchanged)} unchanged"
    )
    for name, count in others.items():
        print(f"{count} articles of source {name} are served too (yingda kb remove --source {name})")
    return 0


async def remove_source(args: argparse.Namespace) -> int:
    """0 when the source had articles, which are then gone; 1 when it had none."""
    from bot.commands.store import open_store
    from knowledge_base.store import import_articles

    async with open_store(args) as engine, engine.begin() as connection:
        report = await import_articles(connection, [], args.source)
    print(f"{len(report.removed)} removed")
    return 0 if report.removed else 1


async def list_articles(args: argparse.Namespace) -> int:
    """Prints id, validity and question of each article."""
    from bot.commands.store import open_store
    from knowledge_base.store import load_articles

    async with open_store(args) as engine, engine.connect() as connection:
        articles = await load_articles(connection)
    today = datetime.now().astimezone().date()
    shown = [article for article in articles if _mentions(article, args.words)]
    width = max((len(article.id) for article in shown), default=0)
    for article in shown:
        note = "" if article.holds_on(today) else f"  [{_validity(article)}]"
        print(f"{article.id:<{width}}  {article.question_in(args.locale)}{note}")
    return 0


def measure_files(args: argparse.Namespace) -> int:
    """Prints the figures; 1 when a file cannot be read."""
    # Before numpy comes in: on a busy machine a thread per core spends most of its time waiting for the others.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")
    from knowledge_base.evaluation import FaultyLineError, evaluate, read_knowledge, read_queries

    start = perf_counter()
    try:
        articles, queries = read_knowledge(args.knowledge), read_queries(args.queries)
    except (FaultyLineError, OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 1
    figures = evaluate(articles, queries, datetime.now().astimezone().date())
    if args.json:
        print(json.dumps(figures.as_json()))
    else:
        _print_table(figures, perf_counter() - start)
    return 0


def _print_table(figures: "Figures", seconds: float) -> None:
    for name, value in figures.as_json().items():
        shown = "–" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
        print(f"{name:>10}  {shown:>9}  {_MEANING[name]}")
    print(f"{'':>10}  {seconds:>8.1f}s in all")


def _read(folder: Path) -> "list[Article] | None":
    from knowledge_base.files import ArticleFaultsError, read_articles

    try:
        return read_articles(folder)
    except ArticleFaultsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        print(f"{len(error.faults)} faults; nothing is imported", file=sys.stderr)
        return None


def _mentions(article: "Article", words: str | None) -> bool:
    if not words:
        return True
    held = (article.id, *article.tags, *article.question.values())
    return any(words.casefold() in each.casefold() for each in held)


def _validity(article: "Article") -> str:
    def shown(day: date | None) -> str:
        return day.isoformat() if day else "…"

    return f"{shown(article.valid_from)} – {shown(article.valid_until)}"

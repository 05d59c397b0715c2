"""``yingda ask "怎么退货"``: the answer, its article and how sure the search is. Records nothing."""

import argparse
import json

from bot.commands.speech import say as say_progress
from bot.commands.store import open_store
from bot.flows.catalogue import OURS
from bot.flows.model import Definitions
from bot.flows.reading import FlowFaults, read_definitions
from bot.flows.rendering import render
from bot.flows.understanding.language import language_of
from bot.handlers.answers import Answers, wishes_of
from bot.settings import LOCALES, Settings, read_settings
from knowledge_base.watch import LiveIndex


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``ask``."""
    parser = commands.add_parser("ask")
    parser.add_argument("question")
    parser.add_argument("--locale", choices=LOCALES, help="the language to answer in; by default the question's")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace) -> int:
    """0 when there is an answer or a choice, 1 when nothing was found."""
    async with open_store(args, demo=True) as engine:
        # With the wishes, so that the index is the one that the server has trained, or will want.
        wishes = wishes_of(_definitions(read_settings()))
        live = LiveIndex(wishes=lambda: wishes)
        await live.refresh(engine, say_progress)
    answers = Answers(live)
    locale = args.locale or language_of(args.question, "zh-Hans")
    findings = answers.search(args.question, locale)
    best = findings.candidates[0] if findings.candidates else None
    article = answers.article(best.article_id, locale) if best and findings.verdict == "answer" else None
    report = {
        "verdict": findings.verdict,
        "locale": locale,
        "answer": article.answer if article else None,
        "article": {"id": article.article_id, "question": article.question} if article else None,
        "confidence": round(best.confidence, 3) if best else None,
        "candidates": [
            {"id": one.article_id, "question": one.question, "confidence": round(one.confidence, 3)}
            for one in findings.candidates
        ],
    }
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    elif article and best:
        print(article.answer)
        print(f"\n[{article.article_id}] {article.question}  ({best.confidence:.0%})")
    elif findings.verdict == "choices":
        print(_words("utter_clarify", locale))
        for one in findings.candidates:
            print(f"  [{one.article_id}] {one.question}  ({one.confidence:.0%})")
    else:
        print(_words("utter_nothing_found", locale))
    return 1 if findings.verdict == "nothing" else 0


def _words(response: str, locale: str) -> str:
    """As the bot says it where a company has not put it in other words."""
    return str(render(read_definitions(OURS).responses[response], {}, locale)["text"])


def _definitions(settings: Settings) -> Definitions:
    """The flows in force; those that come with the program where the company's cannot be read."""
    try:
        return read_definitions(OURS, *filter(None, [settings.flows.folder_in_use]))
    except FlowFaults:
        return read_definitions(OURS)

"""What ``yingda questionnaire`` and ``yingda survey`` print. Counts name nobody; words are read on demand only."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commands.reader import log_read
from bot.commands.store import open_sealed_store
from bot.customers import open_crm
from bot.handlers.questionnaires import Question, Questionnaire, read_questionnaires
from bot.handlers.worded import in_language
from bot.settings import read_settings
from crm_adapter.encryption import Keys
from crm_adapter.records.opinions import Reply, SurveyKind, Tally

SATISFIED, PROMOTES, DETRACTS = 4, 9, 6
"""From 4 of 5 on somebody is satisfied (SL4); NPS counts 9 and 10 less 0 to 6."""
LOCALE = "zh-Hans"


async def run_list(args: argparse.Namespace) -> int:
    """0."""
    for one in read_questionnaires(read_settings().service.opinions.questionnaires).values():
        print(f"{one.id}\t{one.version}\t{len(one.questions)} questions\t{in_language(one.title, LOCALE)}")
    return 0


async def run_results(args: argparse.Namespace) -> int:
    """0, or 1 where there is no questionnaire of that name."""
    settings = read_settings()
    form = read_questionnaires(settings.service.opinions.questionnaires).get(args.name)
    if form is None:
        print(f"There is no questionnaire {args.name}; see yingda questionnaire list.", file=sys.stderr)
        return 1
    async with open_sealed_store(args) as (engine, keys):
        found = await open_crm(settings, engine, keys).replies("questionnaire", form.id)
        replies = [one for one in found if args.version in (None, one.version)]
        if args.texts:
            await _note_read(engine, keys, "questionnaire results", replies)
    versions = ", ".join(f"{version} ({number})" for version, number in Counter(one.version for one in replies).items())
    print(f"{in_language(form.title, LOCALE)}: {len(replies)} answered it; versions: {versions or '-'}")
    for number, question in enumerate(form.questions, 1):
        print(f"\n{number}. {in_language(question.text, LOCALE)}")
        for line in _counted(form, question, replies, texts=args.texts):
            print(f"   {line}")
    return 0


async def run_survey(args: argparse.Namespace) -> int:
    """0."""
    settings, since = read_settings(), _since(args)
    async with open_sealed_store(args) as (engine, keys):
        crm = open_crm(settings, engine, keys)
        kinds: tuple[SurveyKind, ...] = ("satisfaction", "nps")
        tallies = {kind: await crm.tally(kind, since) for kind in kinds}
        reasons = (
            {kind: [one for one in await crm.replies(kind, since=since) if one.words] for kind in kinds}
            if args.reasons
            else {}
        )
        if args.reasons:
            await _note_read(engine, keys, "survey results", [one for each in reasons.values() for one in each])
    print(f"The last {args.days} days")
    for kind, tally in tallies.items():
        print(f"\n{kind}: asked {tally.asked}, answered {tally.answered}{_figure(kind, tally)}")
        for score, number in tally.scores.items():
            print(f"   {score}: {number}")
        for one in reasons.get(kind, ()):
            print(f"   [{one.score}] {one.words}")
    return 0


async def run_answers(args: argparse.Namespace) -> int:
    """0."""
    async with open_sealed_store(args) as (engine, keys):
        tallies = await open_crm(read_settings(), engine, keys).article_tallies(_since(args))
    for one in tallies:
        print(f"{one.article_id}\thelpful {one.helpful}\tnot {one.unhelpful}")
    if not tallies:
        print("Nobody has rated an answer.")
    return 0


async def _note_read(engine: AsyncEngine, keys: Keys, command: str, replies: Sequence[Reply]) -> None:
    await log_read(engine, keys, command, "opinions", {one.contact_id for one in replies})


def _counted(form: Questionnaire, question: Question, replies: Sequence[Reply], *, texts: bool) -> Sequence[str]:
    given = [one.answers[question.id] for one in replies if question.id in one.answers]
    if question.type == "text":
        lines = [f"{len(given)} wrote something"]
        return [*lines, *(f"- {text}" for text in given)] if texts else lines
    counts = Counter(str(choice) for answer in given for choice in (answer if isinstance(answer, list) else [answer]))
    labels = dict(question.choices(LOCALE))
    # What an older version offered is counted under its id.
    lines = [f"{label}: {counts.pop(value, 0)}" for value, label in labels.items()]
    lines += [f"{value}: {number}" for value, number in sorted(counts.items())]
    return [*lines, f"skipped: {len(replies) - len(given)}"]


def _figure(kind: SurveyKind, tally: Tally) -> str:
    if not tally.answered:
        return ""
    if kind == "satisfaction":
        satisfied = sum(number for score, number in tally.scores.items() if score >= SATISFIED)
        return f", satisfied {100 * satisfied / tally.answered:.0f} %"
    promoters = sum(number for score, number in tally.scores.items() if score >= PROMOTES)
    detractors = sum(number for score, number in tally.scores.items() if score <= DETRACTS)
    return f", NPS {100 * (promoters - detractors) / tally.answered:+.0f}"


def _since(args: argparse.Namespace) -> datetime:
    return datetime.now(UTC) - timedelta(days=args.days)

"""``yingda doctor``: checks every part, says what is wrong and how to mend it; ``--deep`` rehearses the faults."""

import argparse
import json
import tempfile
from pathlib import Path

from bot.checkup.machine import check_embedded, check_machine
from bot.checkup.part import Part
from bot.checkup.report import check_all, program_version
from bot.checkup.store import check_redis
from bot.commands.speech import say, spoken_locale
from bot.logs import start_logging
from bot.settings import Settings, read_settings
from bot.storage.database import make_engine, open_database
from bot.storage.embedded import EmbeddedPostgresError

SIGNS = {"ok": "✓", "warning": "!", "failed": "✗"}
STARTS = {
    "zh-Hans": "首次启动需要 1 到 3 分钟，大部分是下载；以后每次 5 秒之内。",
    "zh-Hant": "首次啟動需要 1 到 3 分鐘，大部分是下載；以後每次 5 秒之內。",
    "en": "The first start takes 1 to 3 minutes, most of it downloads; later ones take under 5 s.",
}


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``doctor``."""
    parser = commands.add_parser("doctor")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--deep", action="store_true", help="also rehearse crashes and outages, on data of its own")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace) -> int:
    """0 when nothing has failed, 1 otherwise."""
    settings = read_settings()
    start_logging(settings, quiet=True)
    parts = await _check(settings)
    locale = spoken_locale()
    failed = any(part.state == "failed" for part in parts)
    if args.json:
        described = [(part, *part.words(locale)) for part in parts]
        report = [
            {"name": part.name, "state": part.state, "detail": detail, "mend": mend} for part, detail, mend in described
        ]
        print(json.dumps({"version": program_version(), "parts": report}, ensure_ascii=False))
    else:
        print(f"Yingda {program_version()}")
        for part in parts:
            detail, mend = part.words(locale)
            print(f" {SIGNS[part.state]} {part.name:<10} {detail}")
            if mend:
                print(f"   {'':<10} → {mend}")
        print(STARTS[locale])
    if args.deep:
        failed = not await _rehearse() or failed
    return 1 if failed else 0


async def _check(settings: Settings) -> list[Part]:
    """Makes nothing: a folder without a database is told of, and stays without."""
    embedded = []
    try:
        if settings.database_url is None:
            embedded = [check_embedded(settings)]  # as it was before this check uses it, which starts it
            if embedded[0].code == "embedded_unmade":
                return [*check_machine(settings), *embedded, await check_redis(settings)]
        with open_database(settings, say) as addresses:
            engine = make_engine(addresses.application_url, settings)
            try:
                return await check_all(settings, engine, addresses.application_url, embedded)
            finally:
                await engine.dispose()
    except EmbeddedPostgresError as error:
        away = Part("database", "failed", "database_away", {"reason": str(error)})
        return [*check_machine(settings), *embedded, away, await check_redis(settings)]


async def _rehearse() -> bool:
    from bot.rehearsal import rehearse  # brings its own servers: nobody else should load it

    with tempfile.TemporaryDirectory(prefix="yd-") as folder:
        results = await rehearse(Path(folder), say)
    for result in results:
        print(f" {SIGNS['ok' if result.ok else 'failed']} {result.name}: {result.detail}")
    return all(result.ok for result in results)

"""The short form, one scenario after another, on a database and servers of its own."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.rehearsal.database import own_database
from bot.rehearsal.keeper import open_nursery
from bot.rehearsal.scenarios import SCENARIOS, Scenario, Stage

SCENARIO_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One scenario's outcome; ``detail`` says what was shown, or what went wrong."""

    name: str
    ok: bool
    detail: str


async def rehearse(folder: Path, say: Callable[[str], None]) -> list[Rehearsed]:
    """Plays every scenario in ``folder``, whose path must be short; takes about half a minute.

    Touches nothing but the folder and processes it starts itself. ``say`` gets a line before each scenario. Whatever
    goes wrong is in the list.
    """
    say("Setting up a database and servers of the rehearsal's own …")
    results: list[Rehearsed] = []
    try:
        with ExitStack() as opened:
            nursery = await asyncio.to_thread(opened.enter_context, open_nursery(folder))
            async with own_database(folder / "pg") as database:
                stage = Stage(nursery, database, folder)
                for name, scenario in SCENARIOS.items():
                    results.append(await _play(stage, name, scenario, say))
    except Exception as fault:
        results.append(Rehearsed("the stage", False, _words_of(fault)))
    return results


async def _play(stage: Stage, name: str, scenario: Scenario, say: Callable[[str], None]) -> Rehearsed:
    say(f"Rehearsing: {name} …")
    started = time.monotonic()
    try:
        async with asyncio.timeout(SCENARIO_WITHIN_S):
            detail = await scenario(stage)
    except Exception as fault:  # whatever it is, it is what was looked for
        return Rehearsed(name, False, _words_of(fault))
    return Rehearsed(name, True, f"{detail} ({time.monotonic() - started:.1f} s)")


def _words_of(fault: BaseException) -> str:
    return "; ".join(f"{type(leaf).__name__}: {leaf}" for leaf in _leaves(fault))


def _leaves(fault: BaseException) -> Iterable[BaseException]:
    if not isinstance(fault, BaseExceptionGroup):
        yield fault
        return
    for inner in fault.exceptions:
        yield from _leaves(inner)

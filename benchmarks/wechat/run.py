"""WeChat's channel under load, and beside its floor: ``python -m benchmarks.wechat [--json] [--quick]``.

Load: 1,000 emulated users, 100 messages a second at their times, through the emulator: real pushes, signed and
encrypted, with WeChat's five seconds and tries. Then every push is accounted for against phones and store.

Floor: 32 users, each writing when answered, straight to this program and to a bare handler in turns of two messages
per user, as in ``benchmarks.floor``; the median of the pairs' ratios. Processor time per message beside it, which
other work on the machine disturbs less.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.floor import KEY, ROUND, VISITORS, WARM_UP, Bench, bench, resident_mb
from benchmarks.load import Measured, questions_answered
from benchmarks.wechat.house import busy_s, emulator, emulator_pid, live_server, of_postgres_s
from benchmarks.wechat.paced import account_for, write
from benchmarks.wechat.pushes import Pushing
from tests.servers import LiveServer, free_port

USERS, RATE = 1000, 100.0
IN_TIME = 0.999
RATIO = 0.35
"""Less than the web channel's: what is written down after the turn, that its answer was given, is a transaction of its
own, and the floor has none."""


@dataclass(frozen=True, slots=True)
class Side:
    """A webhook, and the process that serves it."""

    pushing: Pushing
    pid: int


@contextmanager
def floor(place: Bench) -> Iterator[tuple[str, int]]:
    """The bare handler: its address and its process."""
    port = free_port()
    url = place.database("bare").application_url
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.wechat.bare", str(port), url])
    try:
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(10)


async def under_load(place: Bench, seconds: float) -> tuple[dict[str, Any], list[str]]:
    """The figures of the load, and the questions that were asked."""
    addresses = place.database("paced")
    async with emulator(place.folder) as wechat:
        with live_server(addresses, place.folder, wechat.url) as server:
            idle_mb = resident_mb(server.pid)
            questions = await asyncio.to_thread(questions_answered, server.url, KEY)
            push_url = f"{server.url}/channels/care/webhook"
            await wechat.control("PATCH", "/accounts/care", {"push_url": push_url})
            before = _used(server, place)
            paced = await write(wechat, USERS, questions, RATE, seconds)
            used = [after - begun for after, begun in zip(_used(server, place), before, strict=True)]
            counts = await account_for(wechat, USERS, paced, addresses.application_url)
    answers = Measured(seconds, [1000 * each for each in paced.first_answers()])
    messages = len(paced.pushes)
    return {
        "messages": messages,
        "in_time": round(paced.in_time, 5),
        "p50_ms": round(answers.percentile(0.50), 2),
        "p99_ms": round(answers.percentile(0.99), 2),
        "p999_ms": round(answers.percentile(0.999), 2),
        "emulator_late_p99_ms": round(1000 * paced.late[int(0.99 * messages)], 2),
        "server_cpu_ms": round(1000 * used[0] / messages, 3),
        "emulator_cpu_ms": round(1000 * used[1] / messages, 3),
        "postgres_cpu_ms": round(1000 * used[2] / messages, 3),
        "idle_mb": round(idle_mb, 1),
        **counts,
    }, questions


def _used(server: LiveServer, place: Bench) -> tuple[float, float, float]:
    return busy_s(server.pid), busy_s(emulator_pid()), of_postgres_s(place.folder)


async def compare(ours: Side, bare: Side, rounds: int, warm_up: int) -> dict[str, float]:
    """Both in turns; who begins changes every round."""
    per_s: dict[Side, list[float]] = {ours: [], bare: []}
    async with ours.pushing.session() as to_ours, bare.pushing.session() as to_bare:
        sessions = {ours: to_ours, bare: to_bare}
        for side, session in sessions.items():
            await side.pushing.write(session, warm_up)
        before = {side: busy_s(side.pid) for side in sessions}
        for number in range(rounds):
            for side in (ours, bare) if number % 2 else (bare, ours):
                per_s[side].append(await side.pushing.write(sessions[side], ROUND))
        cpu_ms = {side: 1000 * (busy_s(side.pid) - before[side]) / (rounds * ROUND) for side in sessions}
    return {
        "ratio": round(statistics.median(a / b for a, b in zip(per_s[ours], per_s[bare], strict=True)), 3),
        "cpu_ratio": round(cpu_ms[bare] / cpu_ms[ours], 3),
        "ours_per_s": round(statistics.median(per_s[ours]), 1),
        "floor_per_s": round(statistics.median(per_s[bare]), 1),
        "ours_cpu_ms": round(cpu_ms[ours], 3),
        "floor_cpu_ms": round(cpu_ms[bare], 3),
    }


def beside_floor(place: Bench, questions: list[str], rounds: int, warm_up: int) -> dict[str, float]:
    """The figures of the comparison."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    running = live_server(place.database("ours"), place.folder, nowhere)
    with running as server, floor(place) as (floor_url, floor_pid):
        ours = Side(Pushing(server.url, VISITORS, questions), server.pid)
        bare = Side(Pushing(floor_url, VISITORS, questions), floor_pid)
        return asyncio.run(compare(ours, bare, rounds, warm_up))


def held(report: dict[str, Any]) -> bool:
    """Whether every promise is."""
    accounted = not any(report[name] for name in ("lost", "doubled", "unsettled"))
    return bool(accounted and report["in_time"] >= IN_TIME and report["ratio"] >= RATIO)


def main() -> int:
    """Measures and prints; 0 when 99.9 % are answered passively within a second, nothing is lost or doubled, and the
    ratio to the floor is at least 0.35."""
    parser = argparse.ArgumentParser(prog="benchmarks.wechat")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a short form, for tests")
    args, _ = parser.parse_known_args()
    seconds, rounds, warm_up = (12.0, 50, WARM_UP // 2) if args.quick else (60.0, 400, WARM_UP)
    with bench() as place:
        report, questions = asyncio.run(under_load(place, seconds))
        report |= beside_floor(place, questions, rounds, warm_up)
    print(json.dumps(report) if args.json else "\n".join(f"{name:<22} {value}" for name, value in report.items()))
    return 0 if held(report) else 1

"""Mutated pushes at a real webhook: 400 or 403, or 200 for what is a push all the same; nothing else, ever."""

import argparse
import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator

from benchmarks.floor import bench, resident_mb
from benchmarks.wechat_fuzz.inside import status_of
from benchmarks.wechat_fuzz.kinds import case
from benchmarks.wechat_fuzz.outside import Place
from benchmarks.wechat_fuzz.report import Report
from benchmarks.wechat_fuzz.sealing import Case
from tests.servers import LiveServer

CASES = 100_000
CONNECTIONS = 24
PARSED_WITHIN_S = 0.5
"""Longer, and a few requests could keep a server busy."""
BROKEN = 500
_NO_FAULTS = ("no access token", '"aiohttp.server"', '"bot.storage.bodies"')
"""The API refuses everything; some requests are no HTTP; and a made-up MsgId may be another user's, whose message
nobody else can open."""


def cases(seed: int, numbers: range) -> Iterator[tuple[int, Case]]:
    """Made when they are sent: a push of yesterday is refused."""
    for number in numbers:
        yield number, case(seed, number, int(time.time()))


def in_process(seed: int, numbers: range) -> Report:
    """Every case through opening and parsing, timed by the processor: the machine may have other work. What raises
    anything that it should not counts as a 500."""
    report = Report()
    for number, each in cases(seed, numbers):
        if each.method not in ("POST", "GET") or "Content-Encoding" in each.headers:
            continue
        began = time.thread_time()
        try:
            status = status_of(each)
        except Exception as fault:
            status = BROKEN
            print(f"case {number}, {each.kind}: {fault!r}")
        report.tell(number, each, status, time.thread_time() - began)
    return report


def at_server(place: Place, seed: int, numbers: range) -> Report:
    """Every case to the server."""
    report = Report()
    asyncio.run(place.send_all(cases(seed, numbers), CONNECTIONS, report.tell))
    return report


def complaints(running: LiveServer) -> list[str]:
    """What the server's log calls an error, but for what is none of its own."""
    lines = running.log.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if '"level": "error"' in line and not any(known in line for known in _NO_FAULTS)]


def main() -> int:
    """0 when every answer is one that its case allows, in time, and the server logs no fault of its own."""
    parser = argparse.ArgumentParser(prog="benchmarks.wechat_fuzz")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--seed", type=int, default=int(time.strftime("%Y%m%d")), help="today's date unless told")
    parser.add_argument("--only", type=int, help="one case, by its number, shown whole")
    parser.add_argument("--json", action="store_true")
    args, _ = parser.parse_known_args()
    numbers = range(args.cases) if args.only is None else range(args.only, args.only + 1)
    parsed = in_process(args.seed, numbers)
    with bench() as machine, (place := Place(machine.database("fuzz"), machine.folder)).server as running:
        before = resident_mb(running.pid)
        answered = at_server(place, args.seed, numbers)
        with urllib.request.urlopen(f"{running.url}/readyz", timeout=5) as response:
            ready = response.status == 200
        grown, told = resident_mb(running.pid) - before, complaints(running)
    if args.only is not None:
        print(case(args.seed, args.only, int(time.time())))
    held = not parsed.wrong and not answered.wrong and parsed.slowest[0] < PARSED_WITHIN_S and ready and not told
    if args.json:
        both = {"in_process": parsed.document(), "at_server": answered.document()}
        print(json.dumps({"seed": args.seed, **both, "errors": len(told), "grown_mb": round(grown, 1), "held": held}))
    else:
        parsed.show("opened and parsed")
        answered.show("at the server")
        print(f"seed {args.seed}; the server grew by {grown:.0f} MB and logged {len(told)} errors")
        print("\n".join(sorted({str(json.loads(line)["event"]) for line in told})))
    return 0 if held else 1

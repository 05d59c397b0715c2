"""This program beside the floor, alternating in one run: ``python -m benchmarks.floor [--json] [--quick]``.

Throughput: 32 visitors, each writing when answered. Both sides are warmed first, until each of their 16 connections
has prepared its statements and PostgreSQL has gone over to generic plans, which it does after five executions of each.
Then they take turns in rounds of two messages per visitor, on connections that stay open: what else the machine does
comes and goes within a second, so it meets both sides of a pair mostly alike, and the median over the pairs leaves out
those which it met unequally. A single pair is off by a fifth, the median over 250 of them by two hundredths.

Latency: 100 messages a second at their times. Memory: the server's resident set after its start, before any message;
PostgreSQL's processes not counted.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from uuid_utils.compat import uuid7

from benchmarks.load import Load, Measured, questions_answered
from benchmarks.profile import show_where_time_goes
from bot.storage.database import Addresses
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.migrate import migrate
from crm_adapter.encryption import Keyring, Keys, seal_json
from crm_adapter.identify import Sender, identify_arguments
from tests.servers import LiveServer, free_port

KEY = "a key for measuring, of no other use to anybody"
VISITORS = 32
WARM_UP = 1500
"""Messages to each side before anything is measured."""
ROUND = 2 * VISITORS
"""Messages of one side before it is the other's turn."""
SUPERUSER, OWNER, APPLICATION = "postgres", "yingda_owner", "yingda_app"


class Bench:
    """A PostgreSQL of its own, and databases and servers on it."""

    def __init__(self, folder: Path, owner_url: str) -> None:
        self.folder = folder
        self._owner_url = owner_url

    def database(self, name: str) -> Addresses:
        """A new migrated database."""
        with psycopg.connect(self._url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        addresses = Addresses(self._url(OWNER, name), self._url(APPLICATION, name))
        migrate(addresses.owner_url, addresses.application_url)
        return addresses

    def _url(self, role: str, name: str) -> str:
        return self._owner_url.replace(OWNER, role, 1).replace("/yingda?", f"/{name}?", 1)

    @contextmanager
    def ours(self, name: str = "ours") -> Iterator[LiveServer]:
        """This program."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        with LiveServer(self.database(name), folder, YINGDA_LOG_LEVEL="warning", YINGDA_SECRET_KEY=KEY) as server:
            yield server

    @contextmanager
    def floor(self) -> Iterator[str]:
        """The bare handler."""
        port = free_port()
        url = self.database("bare").application_url
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare", str(port), url, KEY])
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench in a folder that goes away with it."""
    with tempfile.TemporaryDirectory(prefix="yd-") as folder, EmbeddedPostgres(Path(folder) / "pg") as databases:
        yield Bench(Path(folder), databases.owner_url)


async def compare(ours: Load, floor: Load, rounds: int) -> tuple[list[float], list[float]]:
    """Messages per second of both, round by round, in turn; who begins changes every round."""
    per_s: dict[Load, list[float]] = {ours: [], floor: []}
    async with ours.session() as to_ours, floor.session() as to_floor:
        sessions = {ours: to_ours, floor: to_floor}
        for load, session in sessions.items():
            await load.closed_within(session, WARM_UP)
        for number in range(rounds):
            for load in (ours, floor) if number % 2 else (floor, ours):
                per_s[load].append((await load.closed_within(sessions[load], ROUND)).per_s)
    return per_s[ours], per_s[floor]


def sealing_us(times: int = 2000) -> float:
    """What a turn's encryption takes in microseconds: two hashed ids, two keys, four seals."""
    keys = Keys(Keyring.fresh)
    text = "About the length of an answer that articles have. " * 5
    sender = Sender("web", "shop", "visitor:1", "anonymous", "en")
    key, kek, wrapped = keys.new_data_key(uuid7())
    began = time.perf_counter()
    for _ in range(times):
        keys.blind("message", "shop", "visitor:1:m1")
        identify_arguments(keys, sender)
        opened = keys.unwrap(key.id, kek, wrapped)
        for place in ("messages.body", "messages.body", "interactions.content", "interactions.content"):
            seal_json(opened, place, key.id, {"text": text})
    return (time.perf_counter() - began) / times * 1e6


def resident_mb(pid: int) -> float:
    """The resident set of one process in MB (10^6 bytes)."""
    return float(psutil.Process(pid).memory_info().rss / 1e6)


def main() -> int:
    """Measures and prints; 0 when the promises hold: ratio >= 0.5, p99 < 50 ms, idle < 150 MB."""
    parser = argparse.ArgumentParser(prog="benchmarks.floor")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a short form, for tests")
    args = parser.parse_args()
    rounds, seconds = (250, 3.0) if args.quick else (1200, 15.0)
    with bench() as place, place.ours() as server, place.floor() as floor_url:
        time.sleep(1.0)
        idle_mb = resident_mb(server.pid)
        questions = questions_answered(server.url, KEY)
        ours, floor = (Load(url, KEY, VISITORS, questions) for url in (server.url, floor_url))
        ours_per_s, floor_per_s = asyncio.run(compare(ours, floor, rounds))
        regulars = Load(server.url, KEY, 100, questions)
        first_ms = asyncio.run(regulars.first_contacts())
        paced: Measured = asyncio.run(regulars.open(100, seconds))
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as response:
            figures = response.read().decode()
    ratio = statistics.median(a / b for a, b in zip(ours_per_s, floor_per_s, strict=True))
    report = {
        "ratio": round(ratio, 3),
        "ours_per_s": round(statistics.median(ours_per_s), 1),
        "floor_per_s": round(statistics.median(floor_per_s), 1),
        "p50_ms": round(paced.percentile(0.50), 2),
        "p99_ms": round(paced.percentile(0.99), 2),
        "first_ms": round(first_ms.percentile(0.50), 2),
        "idle_mb": round(idle_mb, 1),
        "sealing_us": round(sealing_us(), 1),
    }
    if args.json:
        print(json.dumps(report))
    else:
        for name, value in report.items():
            print(f"{name:<12} {value}")
        show_where_time_goes(figures)
    return 0 if report["ratio"] >= 0.5 and report["p99_ms"] < 50 and report["idle_mb"] < 150 else 1


if __name__ == "__main__":
    sys.exit(main())

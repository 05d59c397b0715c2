"""Mutated pushes, in the short form of ``python -m benchmarks.wechat_fuzz``: 400 or 403, or 200 for what is a push."""

from pathlib import Path

import pytest

from benchmarks.wechat_fuzz.outside import WITHIN_S, Place
from benchmarks.wechat_fuzz.run import at_server, complaints
from bot.storage.database import Addresses

pytestmark = pytest.mark.heavy

SEED, CASES = 20261122, 2500


def test_a_server_refuses_what_is_no_push_and_takes_what_is(demo_addresses: Addresses, tmp_path: Path) -> None:
    place = Place(demo_addresses, tmp_path)
    with place.server as running:
        report = at_server(place, SEED, range(CASES))
        assert running.ready()
        faults = complaints(running)
    assert not report.wrong, report.shown
    assert not faults
    assert report.slowest[0] < WITHIN_S
    assert report.statuses.total() == CASES
    assert {200, 400, 403} <= set(report.statuses)

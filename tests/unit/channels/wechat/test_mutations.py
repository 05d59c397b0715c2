"""The mutations of ``benchmarks.wechat_fuzz`` without a server: opened, parsed and answered, or refused; and soon."""

import time

from benchmarks.wechat_fuzz.kinds import AROUND, DOCUMENTS, case
from benchmarks.wechat_fuzz.run import PARSED_WITHIN_S, in_process

SEED, CASES = 20261122, 3000


def test_every_mutation_is_read_or_refused_and_soon() -> None:
    report = in_process(SEED, range(CASES))
    assert not report.wrong, report.shown
    assert report.slowest[0] < PARSED_WITHIN_S
    assert len(report.kinds) >= len(DOCUMENTS) + len(AROUND) - 1  # compression needs HTTP
    assert {200, 400, 403} == set(report.statuses)


def test_a_case_is_the_same_for_the_same_seed_and_number() -> None:
    now = int(time.time())
    for number in range(200):
        assert case(SEED, number, now) == case(SEED, number, now)

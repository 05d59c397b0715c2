"""How PostgreSQL carries out each query of a large store; ``make bench`` has a larger one."""

import json
import subprocess
import sys

import pytest

from tests.servers import ROOT

pytestmark = pytest.mark.heavy


def test_nothing_large_is_read_from_one_end_to_the_other() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.plans", "--contacts", "10000", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    assert (report["contacts"], report["scanned"]) == (10000, {})
    assert report["plans"] > 300, "every query was explained"

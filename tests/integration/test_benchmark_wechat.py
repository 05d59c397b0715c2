"""The promises of WeChat's channel under load in their short form; ``make bench`` has the long one."""

import json
import subprocess
import sys

import pytest

from tests.servers import ROOT

pytestmark = pytest.mark.alone


def test_a_thousand_users_are_answered_in_time_and_each_push_is_accounted_for() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.wechat", "--quick", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    assert report["messages"] == 1200
    wrong = {name: report[name] for name in ("lost", "doubled", "unanswered", "unsettled")}
    assert not any(wrong.values()), wrong
    assert report["in_time"] >= 0.999, report
    assert report["ratio"] >= 0.35, report
    # What is measured is the bot: the emulator takes a fraction of what it does, and sends each push at its time.
    assert report["emulator_cpu_ms"] < report["server_cpu_ms"] / 2, report
    assert report["emulator_late_p99_ms"] < 200, report
    assert report["idle_mb"] < 170, report

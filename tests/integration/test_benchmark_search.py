"""What search in sealed messages promises, in its short form."""

import json
import subprocess
import sys

import pytest

from tests.servers import ROOT

pytestmark = pytest.mark.alone


def test_every_message_is_indexed_and_found_quickly() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.search", "--messages", "5000", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    assert report["messages"] == 5000
    assert report["rare_found"] == 1
    assert report["absent_found"] == 0
    assert report["sentence_found"] >= 5000 // 40
    assert report["frequent_found"] == 200
    assert max(report[name] for name in report if name.endswith("_ms")) < 200
    assert report["grams_b"] + report["primary_b"] < 400

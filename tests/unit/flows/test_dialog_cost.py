"""A step of the dialog costs less than a millisecond at fifty flows, without I/O."""

import pytest

from benchmarks.dialog import FLOWS, WITHIN_MS, generated, measure

pytestmark = pytest.mark.alone


def test_a_step_costs_less_than_a_millisecond() -> None:
    assert len([flow for flow in generated().flows if flow.startswith("form")]) == FLOWS == 50
    figures = measure(rounds=20)
    assert figures["step_ms"] < WITHIN_MS
    assert figures["plain_ms"] < WITHIN_MS

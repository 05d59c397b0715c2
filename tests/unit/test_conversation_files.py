"""Test conversations in Rasa's format: what is not supported is refused with file and line."""

from pathlib import Path

import pytest

from bot.flows.reading import FlowFaults
from bot.rehearsal.conversations.reading import read_cases
from bot.rehearsal.conversations.script import FlowStarted, Says

RIGHT = """
metadata:
  - english: [{locale: en, channel: terminal}]
test_cases:
  - test_case: one
    metadata: english
    steps:
      - user: hello
        assertions:
          - flow_started: {operator: any, flow_ids: [menu]}
      - bot: Hello.
      - silence: 10m
"""
WRONG = """
stub_custom_actions: {action_x: {}}
test_cases:
  - test_case: one
    fixtures: [nope]
    metadata: nowhere
    steps:
      - bot: first
      - user: hi
        assertion_order_enabled: true
        assertions:
          - generative_response_is_relevant: {threshold: 0.9}
          - flow_started: {operator: all, flow_ids: [a]}
          - bot_uttered: {text_matches: "("}
          - flow_completed: {flow_id: x}
      - wait: 3
      - silence: soon
"""


def write(folder: Path, text: str) -> Path:
    """A file of this text."""
    path = folder / "case.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_right_is_read(tmp_path: Path) -> None:
    (case,) = read_cases([write(tmp_path, RIGHT)])
    assert (case.name, case.locale, case.channel, case.line) == ("one", "en", "terminal", 5)
    said, silent = case.moves
    assert [one for _, one in said.expected] == [FlowStarted(("menu",)), Says("Hello.")]
    assert silent.after is not None
    assert silent.after.total_seconds() == 600


def test_each_thing_that_is_not_supported_is_told_by_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, WRONG)
    with pytest.raises(FlowFaults) as raised:
        read_cases([path])
    assert {fault.file for fault in raised.value.faults} == {str(path)}
    lines = [fault.line for fault in raised.value.faults]
    assert set(lines) >= {2, 5, 6, 8, 10, 12, 13, 14, 15, 16, 17}
    assert all(
        "{" not in fault.text(locale) for fault in raised.value.faults for locale in ("zh-Hans", "zh-Hant", "en")
    )

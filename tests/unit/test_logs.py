"""What reaches the log: structured, and masked should somebody log what a customer wrote (PR10)."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from bot.logs import start_logging
from bot.settings import Settings

ID = "01a200fc-95df-727a-b586-458999467a87"


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], dict[str, Any]]]:
    """The last line that was logged."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    start_logging(Settings(log_format="json"))
    yield lambda: json.loads(capsys.readouterr().err.splitlines()[-1])
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_sensitive_data_is_masked_wherever_it_stands(line):
    structlog.get_logger("test").warning(
        "message.odd 4111111111111111",
        text="身份证 11010519491231002X",
        nested={"said": ["我有糖尿病", {"more": "６２２２ 0212 3456 7894"}]},
        contact=ID,
        count=7,
    )
    told = line()
    assert told["event"] == "message.odd ••••••••••••1111"
    assert told["text"] == "身份证 ••••••••••••••002X"
    assert told["nested"]["said"][0] == "我有•••"
    assert (told["contact"], told["count"]) == (ID, 7)
    assert told["timestamp"].startswith("20")


def test_what_libraries_log_is_masked_too(line):
    logging.getLogger("some.package").error("refused card %s of %s", "4111 1111 1111 1111", ID)
    assert line()["event"] == f"refused card •••• •••• •••• 1111 of {ID}"

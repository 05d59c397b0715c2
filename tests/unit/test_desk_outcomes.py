"""Whatever can become of a line has words in each of the console's languages."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

import bot
from bot.channels.wechat.api import faults
from bot.desk.outcomes import explain, reasons
from bot.settings import LOCALES

ROOT = Path(bot.__file__).parent
VERDICTS = ("Again", "Failed", "Unknown", "Waiting")

ERRORS = yaml.safe_load((ROOT / "channels" / "wechat" / "errors.yml").read_text(encoding="utf-8"))
CODES = sorted(code for code in ERRORS if isinstance(code, int))
NO_REASONS = {"sent", "queued", "failed", "infinity", "notice_"}


def given_reasons() -> set[str]:
    """The reasons that the program itself writes, in Python and in SQL; a Deliverer may pass on others."""
    found = set()
    for path in (ROOT / "outbox").rglob("*.py"), (ROOT / "web" / "wechat").rglob("*.py"):
        for node in (node for file in path for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in VERDICTS:
                found |= {one.value for one in node.args[:1] if isinstance(one, ast.Constant)}
    for path in (*ROOT.rglob("*.sql"), *(ROOT / "outbox").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "UPDATE bot.outbox" in source:
            found |= set(re.findall(r"(?:reason = |THEN |ELSE )'([a-z_]+)'", source)) - NO_REASONS
    return found


def test_every_reason_has_words() -> None:
    given = given_reasons()
    assert {"window", "only_passive", "interrupted", "taken_over", "restricted"} <= given
    assert given | set(get_args(faults.Reason)) <= reasons().keys()


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_a_reason_is_told_in_every_language(reason: str) -> None:
    state, _, name = reason.rpartition(".")
    told = [explain("wechat", state or "failed", name, None, locale) for locale in LOCALES]
    assert all(told)
    assert len(set(told)) == len(LOCALES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_of_wechat_is_told_in_every_language(code: int) -> None:
    told = [explain("wechat", "failed", "give_up", str(code), locale) for locale in LOCALES]
    assert all(told)
    assert len(set(told)) == len(LOCALES)
    assert not any(str(code) in words for words in told if words)


def test_the_code_of_a_notice_is_not_the_line_s() -> None:
    for locale in LOCALES:
        told = explain("wechat", "failed", "notice_template", "40037", locale)
        assert told == explain("wechat", "failed", "notice_template", None, locale)


def test_a_code_that_nobody_knows_is_told_by_its_number() -> None:
    for locale in LOCALES:
        assert "98765" in (explain("wechat", "failed", "give_up", "98765", locale) or "")


def test_what_went_well_needs_no_words() -> None:
    assert explain("wechat", "sent", None, None, "en") is None

"""WeChat's error codes: what they decide, and that everyone can read what they mean."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
import yaml

from bot.channels.wechat.errors import ApiError, Decision, read_answer, split_rid
from bot.settings import LOCALES
from tests.unit.channels.wechat.pushing import OTHERS

FACTS = OTHERS.parents[1] / "reference" / "channels.md"
ENTRIES = yaml.safe_load((files("bot.channels.wechat") / "errors.yml").read_text(encoding="utf-8"))
CODES = {code for code in ENTRIES if isinstance(code, int)}
DECIDED = {
    -1: "retry",
    40001: "refresh_token",
    40014: "refresh_token",
    42001: "refresh_token",
    40003: "unreachable",
    43004: "unreachable",
    45015: "window_closed",
    45047: "count_exceeded",
    45002: "split_smaller",
    45009: "wait_for_quota",
    45008: "as_words",
    48001: "only_passive",
    48002: "refused",
    40200: "as_words",
    45098: "as_words",
    45072: "ignore",
    45080: "ignore",
    45081: "ignore",
    43101: "refused",
    47003: "give_up",
    40037: "give_up",
    43117: "slow_down",
    45028: "give_up",
    45065: "done",
}


@pytest.mark.parametrize(("code", "decision"), DECIDED.items())
def test_a_code_decides_what_is_done(code: int, decision: str):
    assert ApiError(code).decision == decision


@pytest.mark.parametrize("code", [*sorted(CODES), 99999, None])
def test_a_code_is_explained_in_every_language(code: int | None):
    error = ApiError(code)
    assert error.decision in get_args(Decision)
    words = [error.explain(locale) for locale in LOCALES]
    assert all(words)
    assert len(set(words)) == len(LOCALES)
    assert not any("{" in one for one in words)
    assert error.explain("fr") == error.explain("en")


def test_an_unknown_code_is_given_up_and_named():
    assert ApiError(88888).decision == "give_up"
    assert "88888" in ApiError(88888).explain("en")


@pytest.mark.skipif(not FACTS.exists(), reason="the folder shared is not here")
def test_every_collected_code_is_known():
    section = FACTS.read_text(encoding="utf-8").split("### Errors")[1].split("###")[0]
    codes = {int(one) for one in re.findall(r"(?<!\d)(4\d{4})(?!\d)", section)} | {-1}
    assert codes <= CODES
    assert codes <= set(DECIDED)


@pytest.mark.parametrize(
    ("message", "words", "rid"),
    [
        ("invalid credential rid: 5f2a1b3c-0a1b2c3d-4e5f6a7b", "invalid credential", "5f2a1b3c-0a1b2c3d-4e5f6a7b"),
        ("ok hint: [abc] rid: 61725d2d-14ba8d19-3f5d3bcf ", "ok hint: [abc]", "61725d2d-14ba8d19-3f5d3bcf"),
        ("system error, rid: 61725d2d", "system error", "61725d2d"),
        ("system error", "system error", None),
        ("rid: 61725d2d", "", "61725d2d"),
        ("", "", None),
        ("x" * 5000, "x" * 300, None),
    ],
)
def test_the_rid_is_kept_apart(message: str, words: str, rid: str | None):
    assert split_rid(message) == (words, rid)


def test_an_answer_is_its_values_or_an_error():
    assert read_answer(b'{"errcode":0,"errmsg":"ok","msgid":1}') == {"errcode": 0, "errmsg": "ok", "msgid": 1}
    assert read_answer(b'{"access_token":"t","expires_in":7200}') == {"access_token": "t", "expires_in": 7200}
    assert read_answer(b'{"errcode":45015,"errmsg":"out of time limit rid: 5f2a-1"}') == ApiError(
        45015, "out of time limit", "5f2a-1"
    )
    assert read_answer(b'{"errcode":"40001","errmsg":"x"}') == ApiError(40001, "x")
    assert read_answer(b'{"remark":"a\x01b"}') == {"remark": "a\x01b"}


@pytest.mark.parametrize(
    "raw", [b"", b"<html>502</html>", b"{", b"[]", b"\xff", b"[" * 100000, b'{"errcode":null}', b'{"errcode":1.5}']
)
def test_an_answer_that_cannot_be_read_leaves_the_outcome_open(raw: bytes):
    answer = read_answer(raw)
    assert answer == ApiError(None)
    assert isinstance(answer, ApiError)
    assert answer.decision == "outcome_unknown"


THEIRS = sorted((OTHERS / "json").glob("*.json"))


@pytest.mark.skipif(not THEIRS, reason="the folder shared is not here")
@pytest.mark.parametrize("path", THEIRS, ids=[path.stem for path in THEIRS])
def test_the_fixtures_of_others_are_read(path: Path):
    answer = read_answer(path.read_bytes())
    code = json.loads(path.read_text(encoding="utf-8")).get("errcode", 0)
    assert isinstance(answer, ApiError) == bool(code)

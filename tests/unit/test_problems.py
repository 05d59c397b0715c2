"""Errors in the caller's language: every code has its texts, and every place that refuses uses a known code."""

import ast
import string
from pathlib import Path

import pytest

import bot
from bot.settings import LOCALES
from bot.staff import errors
from bot.web.language import negotiate
from bot.web.problems import _OF_STATUS, catalogue, describe

PACKAGE = Path(bot.__file__).parent


def _raised_codes() -> set[str]:
    """Every ``Problem(status, "code", …)`` in the program's own text."""
    found = set()
    for source in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) == 2:
                code = node.args[1]
                if isinstance(code, ast.Constant):
                    found.add(code.value)
    return found


def test_every_code_that_is_raised_has_texts():
    staff_codes = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "code")}
    raised = _raised_codes()
    assert {"not_signed_in", "malformed_json", "unknown_contact"} <= raised
    assert raised | staff_codes | set(_OF_STATUS.values()) <= set(catalogue())


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_code_has_the_same_texts_in_every_language(code):
    texts = catalogue()[code]
    assert set(texts) == set(LOCALES)
    fields = [{name for _, name, _, _ in string.Formatter().parse(words.detail) if name} for words in texts.values()]
    assert all(one == fields[0] for one in fields)
    assert all(words.title and words.detail for words in texts.values())
    assert len({words.detail for words in texts.values()}) == len(LOCALES)


def test_a_text_without_its_value_and_a_code_without_text_still_read():
    assert describe("rate_limited", "en").detail == "Try again in … s."
    assert describe("rate_limited", "en", {"retry_after": 7}).detail == "Try again in 7 s."
    assert describe("invalid", "en", {"names": "{x}"}).detail == "Check these fields: {x}."
    assert describe("brand_new", "en") == ("brand_new", "brand_new")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "zh-Hans"),
        ("", "zh-Hans"),
        ("*", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh_HK", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("en-GB,en;q=0.5", "en"),
        ("fr-FR,fr;q=0.9", "en"),
        ("fr, zh;q=0.2, en;q=0.1", "zh-Hans"),
        ("en;q=0.2, zh-TW;q=0.9", "zh-Hant"),
        ("en;q=0, zh;q=0.1", "zh-Hans"),
        ("en;q=nan;q=x, zh", "zh-Hans"),
        (";;;=,,,", "en"),
    ],
)
def test_the_callers_language(header, locale):
    assert negotiate(header) == locale

"""The words of ``words.yml``: names of columns, values of lists, reasons."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from crm_adapter.customers.fault_texts import fault_text
from crm_adapter.search.grams import fold

_IN_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_SIGNS = re.compile(r"[\W_]+")


def target_of(header: str, words: str = "headers") -> str | None:
    """What a column of this name holds, if the list ``words`` of names tells it."""
    return _lists()[words].get(_plain(_IN_BRACKETS.sub(" ", header)))


def value_of(target: str, word: str) -> str | None:
    """The value that a word stands for in a column of a list."""
    return _lists()[target].get(_plain(word))


def reason_text(code: str, locale: str) -> str:
    """Why a row was rejected."""
    texts = _document()["reasons"].get(code)
    return fault_text(code, locale) if texts is None else str(texts.get(locale, texts["en"]))


def report_headers(locale: str) -> list[str]:
    """What the columns of the report of rejected rows are called."""
    return [str(texts.get(locale, texts["en"])) for texts in _document()["report"].values()]


def _plain(text: str) -> str:
    return _SIGNS.sub("", fold(text))


@cache
def _lists() -> dict[str, dict[str, str]]:
    document = _document()
    lists = {name: document[name] for name in ("headers", "order_headers")} | document["values"]
    return {
        name: {_plain(word): target for target, words in entries.items() for word in (target, *words)}
        for name, entries in lists.items()
    }


@cache
def _document() -> dict[str, Any]:
    source = (files("crm_adapter.imports") / "words.yml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(source)
    return document

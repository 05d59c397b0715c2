"""The words for a bad value, in the language of whoever typed it; see ``faults.yml``."""

from functools import cache
from importlib.resources import files

import yaml


def fault_text(code: str, locale: str) -> str:
    """What is wrong and how to put it right; English for a language we lack, the code itself for an unknown one."""
    return _words("faults", code, locale)


def field_name(field: str, locale: str) -> str:
    """What a field of a profile is called."""
    return _words("fields", field, locale)


def _words(kind: str, name: str, locale: str) -> str:
    texts = _document()[kind].get(name)
    return name if texts is None else texts.get(locale, texts["en"])


@cache
def _document() -> dict[str, dict[str, dict[str, str]]]:
    source = (files("crm_adapter.customers") / "faults.yml").read_text(encoding="utf-8")
    document: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(source)
    return document

"""Settings written as TOML: the standard library only reads it."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any


def to_toml(document: Mapping[str, Any]) -> str:
    """A line per name; reading it gives the document again. Raises TypeError for what TOML cannot hold."""
    return "".join(f"{_text(name)} = {_value(value)}\n" for name, value in document.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(name)} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _text(text: str) -> str:
    """TOML's texts in quotes are JSON's, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

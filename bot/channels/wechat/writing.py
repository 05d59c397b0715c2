"""A tree of values as a push or a reply is written: XML or JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.wechat.reading import Form

_XML_FORBIDS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write(tree: Mapping[str, Any], form: Form) -> str:
    """``tree`` in one of WeChat's forms: texts, whole numbers, trees, and lists for elements that repeat."""
    return write_xml(tree) if form == "xml" else json.dumps(tree, ensure_ascii=False)


def write_xml(tree: Mapping[str, Any]) -> str:
    """Texts stand in CDATA, whatever they hold; characters that XML has no place for are left out."""
    return f"<xml>{''.join(_element(name, value) for name, value in tree.items())}</xml>"


def _element(name: str, value: Any) -> str:
    match value:
        case str():
            return f"<{name}><![CDATA[{_in_cdata(value)}]]></{name}>"
        case Mapping():
            return f"<{name}>{''.join(_element(*inner) for inner in value.items())}</{name}>"
        case Sequence():
            return "".join(_element(name, one) for one in value)
    return f"<{name}>{value}</{name}>"


def _in_cdata(text: str) -> str:
    """``]]>`` ends a section: it is spread over two of them."""
    return _XML_FORBIDS.sub("", text).replace("]]>", "]]]]><![CDATA[>")

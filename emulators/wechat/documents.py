"""Documents as WeChat writes them and as it reads them: XML, or JSON where the account is set to it."""

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from emulators.wechat.settings import Format

Fields = Mapping[str, Any]
"""A push: values are texts, numbers, nested fields, or lists of nested fields."""

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DocumentRefused(Exception):
    """What a server answered is no document of WeChat's; the text says why."""


def write(fields: Fields, form: Format) -> str:
    """A push's body. In XML, texts stand in CDATA and numbers do not; a list repeats its element; lines as WeChat's."""
    if form == "json":
        # Half a surrogate pair, which a control call can carry, has no UTF-8.
        return json.dumps(fields, ensure_ascii=False).encode(errors="replace").decode()
    lines = (f"{_element(name, value)}\n" for name, value in fields.items())
    return f"<xml>{''.join(lines)}</xml>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inside = "".join(_element(key, part) for key, part in value.items())
        return f"<{name}>{inside}</{name}>"
    if isinstance(value, list | tuple):
        return "".join(_element(name, part) for part in value)
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    # What ends a CDATA section is cut in two; what XML cannot carry at all is left out.
    text = ILLEGAL.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def read(body: str, form: Format) -> dict[str, Any]:
    """The fields of an answer; elements with elements in them become nested fields, ``item`` always a list.

    Raises :class:`DocumentRefused`.
    """
    return _read_json(body) if form == "json" else _read_xml(body)


def _read_json(body: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise DocumentRefused("the body is not JSON") from None
    if not isinstance(document, dict):
        raise DocumentRefused("the JSON is not an object")
    return document


def _read_xml(body: str) -> dict[str, Any]:
    try:
        root: Element = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError) as fault:
        raise DocumentRefused(f"the body is not well-formed XML: {fault}") from None
    if root.tag != "xml":
        raise DocumentRefused("the root element is not <xml>")
    return _children(root)


def _children(parent: Element) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for child in parent:
        value = _children(child) if len(child) else (child.text or "")
        if child.tag == "item":
            fields.setdefault("item", []).append(value)
        elif child.tag in fields:
            raise DocumentRefused(f"<{child.tag}> stands there twice")
        else:
            fields[child.tag] = value
    return fields

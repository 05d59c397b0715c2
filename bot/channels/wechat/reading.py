"""A push's bytes as a tree of texts, the same for XML and JSON; bounded in size and depth."""

import json
from collections.abc import Mapping
from typing import Any, Literal, NoReturn
from xml.parsers import expat

from bot.channels.base import BadInbound

Form = Literal["xml", "json"]
Tree = dict[str, Any]
"""Names to texts, further trees, or lists of both; a name that comes several times in XML is a list."""

MAX_BODY_BYTES = 64 * 1024
"""WeChat's own pushes stay below 4 KB; encryption and lists make them no more than twice that."""
MAX_DEPTH = 8


def read_body(body: bytes, limit: int = MAX_BODY_BYTES) -> tuple[str, Tree, Form]:
    """The text of a request's body, and what :func:`read_tree` makes of it.

    Raises :class:`~bot.channels.base.BadInbound` ``too_large`` or ``malformed_push``.
    """
    if len(body) > limit:
        raise BadInbound("too_large", limit=limit, size=len(body))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInbound("malformed_push") from None
    return text, *read_tree(text)


def read_tree(text: str) -> tuple[Tree, Form]:
    """Every value is text, whatever JSON calls it; values that are ``null`` are left out.

    Raises :class:`~bot.channels.base.BadInbound` ``malformed_push`` for what is neither a JSON object nor an ``<xml>``
    element, and for XML with a document type: no push has one, and entities are how small texts become huge ones.
    """
    text = text.strip()
    if text.startswith("{"):
        return _read_json(text), "json"
    return _XmlTree().read(text), "xml"


def _read_json(text: str) -> Tree:
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BadInbound("malformed_push") from None
    return {name: kept for name, inner in value.items() if (kept := _plain(inner, 1)) is not None}


def _plain(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise BadInbound("malformed_push")
    match value:
        case str():
            return _clean(value)
        case bool():
            return "1" if value else "0"
        case list():
            return [kept for inner in value if (kept := _plain(inner, depth + 1)) is not None]
        case Mapping():
            plain = ((name, _plain(inner, depth + 1)) for name, inner in value.items())
            return {name: kept for name, kept in plain if kept is not None}
    return None


def _clean(text: str) -> str:
    """Without NUL, which PostgreSQL does not store; half a surrogate pair is no character at all."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInbound("malformed_push") from None
    return text.replace("\x00", "")


def _refuse(*_: object) -> NoReturn:
    raise BadInbound("malformed_push")


class _XmlTree:
    """Gathers what expat finds; attributes, comments and the space between elements are nothing."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._say
        self._parser.StartDoctypeDeclHandler = self._parser.EntityDeclHandler = _refuse
        self._parser.ExternalEntityRefHandler = _refuse
        self._open: list[tuple[str, Tree, list[str]]] = []
        self._root: Any = None

    def read(self, text: str) -> Tree:
        try:
            self._parser.Parse(text, True)
        except (expat.ExpatError, ValueError) as fault:
            raise fault if isinstance(fault, BadInbound) else BadInbound("malformed_push") from None
        if not isinstance(self._root, dict):
            raise BadInbound("malformed_push")
        return self._root

    def _begin(self, name: str, attributes: object) -> None:
        if len(self._open) >= MAX_DEPTH or (not self._open and name != "xml"):
            raise BadInbound("malformed_push")
        self._open.append((name, {}, []))

    def _say(self, text: str) -> None:
        self._open[-1][2].append(text)

    def _end(self, _: str) -> None:
        name, children, texts = self._open.pop()
        value: Any = children or "".join(texts)
        if not self._open:
            self._root = value
            return
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

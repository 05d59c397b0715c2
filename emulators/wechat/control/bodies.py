"""Reading control calls: JSON bodies by a model each, numbers of the query; every fault is told by its place."""

import json
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, ValidationError

from emulators.wechat.errors import BadCommand
from emulators.wechat.settings import faults_of

MAX_WAIT_S = 120.0


class Body(BaseModel):
    """The body of a control call; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


B = TypeVar("B", bound=BaseModel)


async def read_json(request: web.Request) -> dict[str, Any]:
    """The JSON object of a call, ``{}`` for none; raises :class:`BadCommand`."""
    raw = await request.read()
    if not raw:
        return {}
    # A page of another site can send a form to this port, but not JSON.
    if request.content_type != "application/json":
        raise BadCommand("the body must be application/json", 415)
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadCommand("the body is not JSON") from None
    if not isinstance(document, dict):
        raise BadCommand("the body is not a JSON object")
    return document


def answer(document: dict[str, Any], status: int = 200) -> web.Response:
    """JSON that a person can read too; half a surrogate pair, which a program may have sent, is a question mark."""
    return web.Response(body=encoded(document), status=status, content_type="application/json", charset="utf-8")


def encoded(document: dict[str, Any]) -> bytes:
    """A document as one line of JSON."""
    return json.dumps(document, ensure_ascii=False).encode(errors="replace")


def parsed(model: type[B], document: dict[str, Any]) -> B:
    """The body as its model; raises :class:`BadCommand` with a line per fault."""
    try:
        return model.model_validate(document)
    except ValidationError as faults:
        raise BadCommand(faults_of(faults)) from None


def number(request: web.Request, name: str, default: float, most: float | None = None) -> float:
    """A number of the query, not below 0; raises :class:`BadCommand`."""
    try:
        value = float(request.query.get(name, default))
    except ValueError:
        raise BadCommand(f"{name} is not a number") from None
    if not 0 <= value < float("inf"):
        raise BadCommand(f"{name} is out of range")
    return value if most is None else min(value, most)


@web.middleware
async def tell_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A control call that cannot be done is answered with ``{"error": …}``."""
    try:
        origin = request.headers.get("Origin")
        foreign = origin is not None and origin.partition("://")[2] != request.host
        if foreign and request.path.startswith("/control"):
            raise BadCommand("pages of other sites have no control", 403)
        return await handler(request)
    except BadCommand as bad:
        return answer({"error": str(bad)}, bad.status)

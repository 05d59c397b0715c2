"""Reading a request's JSON: whatever is sent, the outcome is a checked value or a typed problem."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, NoReturn, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from bot.web.problems import Problem

BODY_LIMIT = 64 * 1024
BODY_WITHIN_S = 30.0
_FIELDS_TOLD = 20
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_REASONS = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_short",
    "too_long": "too_long",
    "string_type": "wrong_type",
    "bool_type": "wrong_type",
    "list_type": "wrong_type",
    "int_type": "wrong_type",
}


class Body(BaseModel):
    """A JSON object of a request: no unknown members, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no half of a surrogate pair, both of which JSON can carry."""
    return _UNSTORABLE.search(text) is None


def _printable(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise ValueError("not printable")
    return text.strip()


Line = Annotated[str, AfterValidator(_printable)]
"""One line of text, blanks around it removed: no control characters."""


async def read_json(request: web.Request, *, limit: int = BODY_LIMIT) -> dict[str, Any]:
    """The request's JSON object.

    Raises :class:`Problem` 415 ``unsupported_type`` (also a defence: a form of another site cannot send this type),
    400 ``malformed_json`` for anything that is no JSON object, and what :func:`read_body` does.
    """
    if request.content_type != "application/json":
        raise Problem(415, "unsupported_type")
    raw = await read_body(request, limit)
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Problem(400, "malformed_json") from None
    if not isinstance(value, dict):
        raise Problem(400, "malformed_json")
    return value


async def read_body(request: web.Request, limit: int) -> bytes:
    """The request's bytes.

    Raises :class:`Problem` 413 ``too_large`` above ``limit`` bytes, and what :func:`reading` does.
    """
    if (request.content_length or 0) > limit:
        raise Problem(413, "too_large")
    if request.content.is_eof():  # a short one comes with its headers: there is nothing to wait for
        whole = request.content.read_nowait()
        if len(whole) > limit:
            raise Problem(413, "too_large")
        return whole
    raw = bytearray()
    async with reading():
        async for chunk in request.content.iter_chunked(16 * 1024):
            raw += chunk
            if len(raw) > limit:
                raise Problem(413, "too_large")
    return bytes(raw)


@asynccontextmanager
async def reading() -> AsyncIterator[asyncio.Timeout]:
    """Around the reading of a body; gives the timeout, which whoever takes a large one moves on as it comes.

    Raises :class:`Problem` 408 ``request_timeout`` when the body stalls, 400 ``bad_request`` when it is not what its
    headers say (chunks, compression, the headers of its parts).
    """
    try:
        async with asyncio.timeout(BODY_WITHIN_S) as patience:
            yield patience
    except TimeoutError:
        raise Problem(408, "request_timeout") from None
    except (web.RequestPayloadError, HttpProcessingError):
        raise Problem(400, "bad_request") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity, which Python reads and JSON does not have


async def read_model(request: web.Request, model: type[Model], *, limit: int = BODY_LIMIT) -> Model:
    """The request's JSON as a checked ``model``.

    Raises what :func:`read_json` does and :class:`Problem` 422 ``invalid`` with ``fields``.
    """
    return check(model, await read_json(request, limit=limit))


def check(model: type[Model], value: Mapping[str, Any]) -> Model:
    """The value as a checked ``model``. Raises :class:`Problem` 422 ``invalid``."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid(
            *((_path(fault["loc"]), _REASONS.get(fault["type"], "not_allowed")) for fault in faults)
        ) from None


def invalid(*fields: tuple[str, str]) -> Problem:
    """The problem 422 ``invalid`` about these fields, each with its reason (``missing``, ``too_long``, …)."""
    told = [{"field": field, "reason": reason} for field, reason in fields[:_FIELDS_TOLD]]
    return Problem(422, "invalid", fields=told, names=", ".join(one["field"] for one in told))


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:64] for part in location)

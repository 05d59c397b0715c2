"""Errors over HTTP: ``application/problem+json`` (RFC 9457) with a stable code and a text the caller can read.

Who followed a link in a browser reads the same words on a page.
"""

import json
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from math import ceil
from typing import NamedTuple, cast

import psycopg
import psycopg_pool
import sqlalchemy.exc
import structlog
import yaml
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.faults import places_of
from bot.settings import Locale
from bot.web.language import locale_of
from bot.web.plain_page import plain_page

log = structlog.get_logger(__name__)


_AWAY = (
    psycopg.OperationalError,
    psycopg_pool.PoolTimeout,
    psycopg_pool.TooManyRequests,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
)
_OF_STATUS = {
    400: "bad_request",
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_type",
    500: "internal",
    503: "unavailable",
}


class Problem(Exception):
    """A refusal with its HTTP status, its stable code and values for its text.

    The values are also members of the JSON; ``retry_after`` (seconds) becomes the ``Retry-After`` header too.
    """

    def __init__(self, status: int, code: str, **values: object) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.values = values


class Words(NamedTuple):
    title: str
    detail: str


@cache
def catalogue() -> dict[str, dict[Locale, Words]]:
    """Every code's title and detail in every language."""
    source = (files("bot.web") / "texts" / "problems.yml").read_text(encoding="utf-8")
    entries = cast(dict[str, dict[Locale, list[str]]], yaml.safe_load(source))
    return {code: {locale: Words(*words) for locale, words in texts.items()} for code, texts in entries.items()}


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def describe(code: str, locale: Locale, values: dict[str, object] | None = None) -> Words:
    """The texts of a code, also for channels that are not HTTP; a code without texts is called by its own name."""
    texts = catalogue().get(code)
    if texts is None:
        return Words(code, code)
    title, detail = texts[locale]
    return Words(title, detail.format_map(_Values(values or {})))


def _response(request: web.Request, problem: Problem) -> web.Response:
    """The response for a problem: JSON, or a page where a person followed a link that leads nowhere."""
    locale = locale_of(request)
    title, detail = describe(problem.code, locale, problem.values)
    if _is_followed(request):
        response = plain_page(request, locale, title, detail, status=problem.status)
    else:
        response = _json(problem, locale, title, detail)
    retry_after = problem.values.get("retry_after")
    if isinstance(retry_after, int | float):
        response.headers["Retry-After"] = str(ceil(retry_after))  # HTTP knows whole seconds only
    if problem.status == HTTPStatus.REQUEST_TIMEOUT:
        response.force_close()  # what may still come of this request is not the next one
    return response


def _is_followed(request: web.Request) -> bool:
    """Programs ask for anything or for JSON; a browser that is to show what comes asks for a page."""
    is_page = request.method == "GET" and not request.path.startswith("/api/")
    return is_page and "text/html" in request.headers.get("Accept", "")


def _json(problem: Problem, locale: Locale, title: str, detail: str) -> web.Response:
    body = {
        **problem.values,
        "type": "about:blank",
        "title": title,
        "status": problem.status,
        "code": problem.code,
        "detail": detail,
    }
    return web.Response(
        status=problem.status,
        body=json.dumps(body, default=str).encode(),
        content_type="application/problem+json",
        headers={"Content-Language": locale, "Cache-Control": "no-store", "Vary": "Accept, Accept-Language"},
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every refusal and every fault into a problem; belongs outermost.

    A fault of ours is logged with its place and answered by a 500 that tells nothing; one of the database's
    availability is a 503. When the response had begun already, nothing more can be said and the fault goes on to
    aiohttp, which closes the connection.
    """
    try:
        return await handler(request)
    except Problem as problem:
        return _response(request, problem)
    except web.HTTPException as answer:
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise
        refused = _response(request, Problem(answer.status, _OF_STATUS.get(answer.status, "bad_request")))
        if "Allow" in answer.headers:
            refused.headers["Allow"] = answer.headers["Allow"]
        return refused
    except ConnectionError as fault:
        if request.transport is None or request.transport.is_closing():
            raise  # the client went away: aiohttp notes it and there is nobody to answer
        return _answer_fault(request, fault, Problem(500, "internal"))
    except _AWAY as fault:
        return _answer_fault(request, fault, Problem(503, "unavailable", retry_after=5))
    except Exception as fault:
        return _answer_fault(request, fault, Problem(500, "internal"))


def _answer_fault(request: web.Request, fault: Exception, problem: Problem) -> web.Response:
    resource = request.match_info.route.resource
    log.error(
        "request.failed",
        method=request.method,
        route=resource.canonical if resource else None,
        status=problem.status,
        fault=places_of(fault),
    )
    if request.writer.output_size > 0:
        raise fault
    return _response(request, problem)

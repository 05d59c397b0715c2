"""``/channels/{account}/webhook``: verification and pushes, within WeChat's five seconds.

WeChat waits five seconds for an answer, then sends the same push again, three times in all. While it will send again,
whoever is not ready in time says nothing at all, since silence is the one thing of which its documentation says that
it sends again; the last time ``success`` is said, or the customer would be shown an error, and the answer goes another
way. Nothing is acknowledged before it is committed, or on disk.
"""

import asyncio
import secrets
from datetime import UTC, datetime
from functools import wraps

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from bot.channels.base import BadInbound
from bot.channels.wechat.parse import parse
from bot.channels.wechat.passive import SUCCESS
from bot.channels.wechat.reading import MAX_BODY_BYTES
from bot.channels.wechat.refused import Refused
from bot.domain.message import Taken
from bot.faults import places_of
from bot.metrics import REFUSALS
from bot.turns.take import UNAVAILABLE, TurnUnavailable
from bot.web.bodies import read_body
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route
from bot.web.wechat.arrived import Arrived
from bot.web.wechat.edge import WECHAT, Account
from bot.web.wechat.lines import Entry

log = structlog.get_logger(__name__)

_TYPES = {"xml": "application/xml", "json": "application/json"}


def refusing(handler: Handler) -> Handler:
    """The handler; what WeChat did not send is 403, what cannot be read 400, an absent store 503, and nothing else."""

    @wraps(handler)
    async def refuse(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            unreadable = problem.status in (408, 413)
            raise _counted(Problem(400, problem.code, **problem.values) if unreadable else problem) from None
        except Refused as refused:
            raise _counted(Problem(403, refused.code)) from None
        except BadInbound as bad:
            raise _counted(Problem(400, bad.code, **bad.values)) from None
        except (web.RequestPayloadError, HttpProcessingError):
            raise _counted(Problem(400, "bad_request")) from None
        except (TurnUnavailable, *UNAVAILABLE):
            raise _counted(Problem(503, "unavailable", retry_after=1)) from None
        except Exception as fault:
            log.error("a push broke the webhook", fault=places_of(fault))
            raise _counted(Problem(503, "unavailable", retry_after=1)) from None

    return refuse


def _counted(problem: Problem) -> Problem:
    REFUSALS.labels("wechat", problem.code).inc()
    return problem


async def verify(request: web.Request) -> web.Response:
    """WeChat's console asks whether this is the account's server."""
    return web.Response(text=request.app[WECHAT].account(request).webhook.echo(request.query, datetime.now(UTC)))


async def take_push(request: web.Request) -> web.Response:
    """One delivery of one push."""
    edge = request.app[WECHAT]
    account = edge.account(request)
    now, began = datetime.now(UTC), _clock()
    opened = account.webhook.open(request.query, await _body(request, account, now), now)
    push = parse(opened.tree, opened.text)
    patience = account.tries.patience
    is_last = account.tries.is_last(push.external_id, push.at, now, began)
    entry = edge.take(Arrived(account.name, opened.text, push, now, secrets.token_hex(16)))
    await asyncio.wait({entry.settled}, timeout=began + patience.ready_s - _clock())
    if not entry.settled.done():
        if not is_last:
            return await _silence(request, began + patience.given_up_s)
        await edge.intake.keep(entry)
        return _nothing()
    if (taken := _result(entry)) is None:
        return _nothing()
    try:
        within_s = began + (patience.ready_s + patience.try_s) / 2 - _clock()
        reply = await edge.reply(account, taken, push, within_s=within_s, is_last=is_last)
        answer = SUCCESS if reply is None else account.webhook.seal(reply, opened, now)
    except (TimeoutError, TurnUnavailable) as fault:
        if not is_last:
            return await _silence(request, began + patience.given_up_s)
        if isinstance(fault, TurnUnavailable):  # whether it was written down, nobody knows
            edge.take_back(taken)
        return _nothing()
    except Exception as fault:  # what was said is safe, and its answer goes another way
        log.error("an answer broke", fault=places_of(fault))
        edge.take_back(taken)
        return _nothing()
    if reply is None:
        return _nothing()
    if is_last and _is_gone(request):
        edge.take_back(taken)
    return web.Response(text=answer, content_type=_TYPES[opened.form])


async def _body(request: web.Request, account: Account, now: datetime) -> bytes:
    """The body, within WeChat's own patience; whoever it is not from is refused before it is waited for."""
    if request.content.is_eof():
        return await read_body(request, MAX_BODY_BYTES)
    account.webhook.check(request.query, now)
    try:
        async with asyncio.timeout(account.tries.patience.try_s):
            return await read_body(request, MAX_BODY_BYTES)
    except TimeoutError:
        raise Problem(400, "request_timeout") from None


def _result(entry: Entry) -> Taken | None:
    if entry.settled.cancelled():  # we are about to end
        raise TurnUnavailable
    return entry.settled.result()


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _nothing() -> web.Response:
    return web.Response(text=SUCCESS)


async def _silence(request: web.Request, until: float) -> web.Response:
    """Nothing is said until WeChat has given up by itself; what is returned is not sent any more."""
    await asyncio.sleep(until - _clock())
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


ROUTES = (
    Route("POST", "/channels/{account}/webhook", refusing(take_push), PUBLIC),
    Route("GET", "/channels/{account}/webhook", refusing(verify), PUBLIC),
)
"""What the webhooks are asked."""

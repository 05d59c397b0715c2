"""``/channels/{account}/webhook``: verification and pushes, within WeChat's five seconds.

WeChat waits five seconds for an answer, then sends the same push again, three times in all. While it will send again,
whoever is not ready in time says nothing at all; the last time ``success`` is said, or the customer would be shown an
error, and the answer goes another way.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import wraps

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channels.base import BadInbound
from bot.channels.wechat.parse import parse
from bot.channels.wechat.passive import SUCCESS
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.reading import MAX_BODY_BYTES
from bot.channels.wechat.refused import Refused
from bot.metrics import REFUSALS
from bot.turns.take import UNAVAILABLE, TurnUnavailable
from bot.web.bodies import read_body
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route
from bot.web.wechat.edge import WECHAT

TRY = timedelta(seconds=5)
TRIES = 3
READY = timedelta(seconds=4.5)
"""What is ready later would come too late for this delivery."""
GIVEN_UP = timedelta(seconds=5.5)
"""WeChat does not wait any more."""
REPLY_MARGIN = timedelta(seconds=1)
_TYPES = {"xml": "application/xml", "json": "application/json"}


def refusing(handler: Handler) -> Handler:
    """The handler; what WeChat did not send is 403, what cannot be read 400, an absent store 503."""

    @wraps(handler)
    async def refuse(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            too_long = problem.status == 413  # one more that cannot be read
            raise _counted(Problem(400, problem.code, **problem.values) if too_long else problem) from None
        except Refused as refused:
            raise _counted(Problem(403, refused.code)) from None
        except BadInbound as bad:
            raise _counted(Problem(400, bad.code, **bad.values)) from None
        except (TurnUnavailable, *UNAVAILABLE):
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
    now, clock = datetime.now(UTC), asyncio.get_running_loop().time
    began = clock()
    opened = account.webhook.open(request.query, await read_body(request, MAX_BODY_BYTES), now)
    push = parse(opened.tree, opened.text)
    await edge.events.take(account.name, push, opened.text, now)
    inbound = account.arrivals.message(push, now)
    if inbound is None:
        return _nothing()
    turn = edge.take(account, replace(inbound, reply_by=now + TRIES * TRY + REPLY_MARGIN), push)
    await asyncio.wait({turn}, timeout=began + READY.total_seconds() - clock())
    if turn.done():
        reply = await edge.reply(turn.result(), push)
        if reply is None:
            return _nothing()
        return web.Response(text=account.webhook.seal(reply, opened, now), content_type=_TYPES[opened.form])
    if is_last_try(push, now):
        return _nothing()
    await asyncio.sleep(began + GIVEN_UP.total_seconds() - clock())
    return _hung_up(request)


def is_last_try(push: Push, now: datetime) -> bool:
    """Whether WeChat will not send the push again; its tries begin five seconds after one another."""
    return now - push.at >= (TRIES - 1) * TRY


def _nothing() -> web.Response:
    return web.Response(text=SUCCESS)


def _hung_up(request: web.Request) -> web.Response:
    """No answer; what is returned is not sent any more."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


ROUTES = (
    Route("POST", "/channels/{account}/webhook", refusing(take_push), PUBLIC),
    Route("GET", "/channels/{account}/webhook", refusing(verify), PUBLIC),
)

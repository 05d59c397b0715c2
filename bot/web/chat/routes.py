"""The web channel's routes. All are public: a visitor's own session token guards what is theirs."""

from functools import wraps

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channels.base import BadInbound
from bot.metrics import REFUSALS
from bot.turns.take import UNAVAILABLE, TurnUnavailable
from bot.web.chat.files import get_blob, post_blob
from bot.web.chat.plain import get_messages, post_message, post_receipts, post_typing
from bot.web.chat.sessions import open_session
from bot.web.chat.socket import open_socket
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route

STATUS = {"too_large": 413, "rate_limited": 429}


def refusing(handler: Handler) -> Handler:
    """The handler; its refusals, bad input and an absent store are problems, each counted by its code."""

    @wraps(handler)
    async def refuse(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            raise _counted(problem) from None
        except BadInbound as bad:
            raise _counted(Problem(STATUS.get(bad.code, 400), bad.code, **bad.values)) from None
        except (TurnUnavailable, *UNAVAILABLE):
            raise _counted(Problem(503, "unavailable", retry_after=1)) from None

    return refuse


def _counted(problem: Problem) -> Problem:
    REFUSALS.labels("web", problem.code).inc()
    return problem


ROUTES = (
    # In the order in which they are tried: what is asked most comes first.
    Route("POST", "/channels/{account}/messages", refusing(post_message), PUBLIC),
    Route("GET", "/channels/{account}/messages", refusing(get_messages), PUBLIC),
    Route("POST", "/channels/{account}/session", refusing(open_session), PUBLIC),
    Route("GET", "/channels/{account}/socket", refusing(open_socket), PUBLIC),
    Route("POST", "/channels/{account}/receipts", refusing(post_receipts), PUBLIC),
    Route("POST", "/channels/{account}/typing", refusing(post_typing), PUBLIC),
    Route("POST", "/channels/{account}/blobs", refusing(post_blob), PUBLIC),
    Route("GET", "/channels/{account}/blobs/{blob}", refusing(get_blob), PUBLIC),
)

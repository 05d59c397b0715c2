"""The web channel's routes. All are public: a visitor's own session token guards what is theirs."""

from functools import wraps

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.metrics import REFUSALS
from bot.web.chat.files import get_blob, post_blob
from bot.web.chat.plain import get_messages, post_message, post_receipts, post_typing
from bot.web.chat.sessions import open_session
from bot.web.chat.socket import open_socket
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route


def counted(handler: Handler) -> Handler:
    """The handler, with its refusals counted by their codes."""

    @wraps(handler)
    async def counting(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            REFUSALS.labels("web", problem.code).inc()
            raise

    return counting


ROUTES = (
    Route("POST", "/channels/{account}/session", counted(open_session), PUBLIC),
    Route("GET", "/channels/{account}/socket", counted(open_socket), PUBLIC),
    Route("POST", "/channels/{account}/messages", counted(post_message), PUBLIC),
    Route("GET", "/channels/{account}/messages", counted(get_messages), PUBLIC),
    Route("POST", "/channels/{account}/receipts", counted(post_receipts), PUBLIC),
    Route("POST", "/channels/{account}/typing", counted(post_typing), PUBLIC),
    Route("POST", "/channels/{account}/blobs", counted(post_blob), PUBLIC),
    Route("GET", "/channels/{account}/blobs/{blob}", counted(get_blob), PUBLIC),
)

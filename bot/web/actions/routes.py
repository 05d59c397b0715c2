"""``/webhook``, ``/actions``, ``/health``: what Rasa expects of an action server. Only with the shared secret."""

import hmac

from aiohttp import web

from bot.metrics import REFUSALS
from bot.realtime import Realtime
from bot.turns.take import TurnUnavailable
from bot.web.actions.calls import BadCall, Call, read_call
from bot.web.actions.serving import ActionServer, AnswerForgotten, CallFailed
from bot.web.bodies import read_json
from bot.web.chat.edge import trace_id_of
from bot.web.peer import client_network
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route

ACTION_SERVER = web.AppKey[ActionServer]("ACTION_SERVER")
ACTION_LIMITS = web.AppKey[Realtime]("ACTION_LIMITS")
DENIALS = 20
"""Wrong secrets that an address may send in a minute."""


async def webhook(request: web.Request) -> web.Response:
    """Runs an action and answers with its events and responses.

    As Rasa's own server has it: 404 for an unknown action, 400 for one that declines, each with ``error`` and
    ``action_name``; 500 where it failed. 409 for a call that was carried out too long ago to know its answer.
    """
    server = await _admit(request)
    allowed = await request.app[ACTION_LIMITS].allow("actions", server.settings.calls_per_minute, 60.0)
    if not allowed.allowed:
        raise _refused(429, "rate_limited", retry_after=allowed.retry_after_s)
    document = await read_json(request, limit=server.settings.call_bytes)
    try:
        call = read_call(document, server.settings.locale, server.text_bytes)
    except BadCall as bad:
        REFUSALS.labels("rasa", "bad_call").inc()
        return web.json_response({"error": f"Invalid body request: {bad}"}, status=400)
    if call.action not in server.names:
        return _fault(call, 404, f"No registered action found for name '{call.action}'.")
    try:
        answer = await server.run(call, trace_id_of(request))
    except CallFailed as failed:
        if failed.code == "rejected":
            return _fault(call, 400, f"Custom action '{call.action}' rejected execution.")
        return _fault(call, 500, f"Custom action '{call.action}' failed: {failed.code}.")
    except AnswerForgotten:
        return _fault(call, 409, f"Custom action '{call.action}' was carried out before.")
    except TurnUnavailable:
        raise _refused(503, "unavailable", retry_after=1) from None
    return web.json_response(answer)


async def actions(request: web.Request) -> web.Response:
    """The names of the actions that may be called."""
    server = await _admit(request)
    return web.json_response([{"name": name} for name in sorted(server.names)])


async def health(request: web.Request) -> web.Response:
    """As Rasa's own server answers; our own checks are at ``/healthz`` and ``/readyz``."""
    await _admit(request)
    return web.json_response({"status": "ok"})


async def _admit(request: web.Request) -> ActionServer:
    """Raises 404 where no secret is set, and 401 without it: in a header, or as Rasa sends its ``token``."""
    server = request.app[ACTION_SERVER]
    secret = server.settings.secret
    if secret is None:
        raise _refused(404, "not_found")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        given = request.query.get("token", "")
    expected = secret.get_secret_value().encode()
    if hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), expected):
        return server
    allowed = await request.app[ACTION_LIMITS].allow(f"actions:{client_network(request)}", DENIALS, 60.0)
    if not allowed.allowed:
        raise _refused(429, "rate_limited", retry_after=allowed.retry_after_s)
    raise _refused(401, "unauthorised")


def _fault(call: Call, status: int, error: str) -> web.Response:
    return web.json_response({"error": error, "action_name": call.action}, status=status)


def _refused(status: int, code: str, **values: object) -> Problem:
    REFUSALS.labels("rasa", code).inc()
    return Problem(status, code, **values)


ROUTES = (
    Route("POST", "/webhook", webhook, PUBLIC),
    Route("GET", "/actions", actions, PUBLIC),
    Route("GET", "/health", health, PUBLIC),
)

"""One boundary makes of whatever is raised a 400, a 403 or a 503: never a 500."""

import psycopg
import pytest
from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError
from aiohttp.test_utils import make_mocked_request
from psycopg_pool import PoolTimeout

from bot.channels.base import BadInbound
from bot.channels.wechat.refused import Refused
from bot.turns.take import TurnUnavailable
from bot.web.problems import Problem
from bot.web.wechat.webhook import refusing

RAISED = [
    (Refused("signature_refused"), 403),
    (BadInbound("malformed_push"), 400),
    (Problem(408, "request_timeout"), 400),
    (Problem(413, "too_large"), 400),
    (Problem(404, "unknown_account"), 404),
    (web.RequestPayloadError("chunks"), 400),
    (ContentEncodingError("gzip"), 400),
    (TurnUnavailable(), 503),
    (PoolTimeout("none"), 503),
    (psycopg.OperationalError("away"), 503),
    (ZeroDivisionError(), 503),
    (KeyError("a library's own"), 503),
    (RecursionError(), 503),
]


@pytest.mark.parametrize(("fault", "status"), RAISED, ids=[type(fault).__name__ + str(at) for fault, at in RAISED])
async def test_what_is_raised_has_a_status(fault: Exception, status: int) -> None:
    async def handler(request: web.Request) -> web.Response:
        raise fault

    with pytest.raises(Problem) as problem:
        await refusing(handler)(make_mocked_request("POST", "/channels/care/webhook"))
    assert problem.value.status == status

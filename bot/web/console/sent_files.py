"""Files that a person at the desk sends: kept under the customer's key, and named by the answer that they go with."""

from aiohttp import web

from bot.staff.roles import Permission
from bot.storage.blobs import CHAT_TYPES, BlobRefused
from bot.web.chat.files import read_file
from bot.web.console.guard import SESSION
from bot.web.console.paging import reply
from bot.web.console.queue import conversation_of, refusals
from bot.web.keys import BLOBS, DESK
from bot.web.problems import Problem
from bot.web.routes import Route

MOST_BYTES = 10 * 1024 * 1024


async def keep(request: web.Request) -> web.Response:
    """Stores the multipart field ``file`` for the customer of a conversation that is this person's; 413 above the
    limit, 415 for a type that is not sent."""
    if (request.content_length or 0) > MOST_BYTES + 65536:
        raise Problem(413, "too_large", limit=MOST_BYTES)
    async with refusals(request):
        customer = await request.app[DESK].customer(conversation_of(request), request[SESSION].staff.id)
    name, content = await read_file(request, MOST_BYTES)
    try:
        blob = await request.app[BLOBS].put(customer, name, content, CHAT_TYPES)
    except BlobRefused:
        raise Problem(415, "type_refused") from None
    return reply(blob.as_json(), 201)


ROUTES = (Route("POST", "/api/queue/{id}/files", keep, Permission.QUEUE_SERVE),)

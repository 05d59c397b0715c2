"""The attachments of a conversation, as staff opens them; each is one line in the access log."""

from aiohttp import web
from sqlalchemy import select

from bot.staff.roles import Permission
from bot.storage.tables import blobs, conversations
from bot.web.console.paging import identifier
from bot.web.console.seen import SEEN
from bot.web.file_response import file_response
from bot.web.keys import BLOBS, ENGINE
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.sharing.access import contact_behind

_SHOWN = ("image/", "audio/", "video/")


async def show_file(request: web.Request) -> web.Response:
    """The bytes of an attachment that a customer of this conversation sent; 404 ``blob_unknown`` when it is gone."""
    conversation_id, file_id = identifier(request.match_info["id"]), identifier(request.match_info["file"])
    query = select(blobs.c.identity_id).join(conversations, conversations.c.identity_id == blobs.c.identity_id)
    async with request.app[ENGINE].connect() as connection:
        found = await connection.execute(query.where(conversations.c.id == conversation_id, blobs.c.id == file_id))
        identity_id = found.scalar_one_or_none()
        contact_id = None if identity_id is None else await contact_behind(connection, identity_id)
    read = None if identity_id is None or file_id is None else await request.app[BLOBS].read(file_id)
    if read is None:
        raise Problem(404, "blob_unknown")
    if contact_id is not None:
        request[SEEN].add(contact_id)
    return file_response(*read, kept="no-store", shown=_SHOWN)


ROUTES = (Route("GET", "/api/conversations/{id}/files/{file}", show_file, Permission.CONVERSATIONS_READ),)

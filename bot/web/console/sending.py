"""What a person at the desk can do about how a message gets to the customer: see into how many messages a text falls,
and settle what nobody knows the end of."""

from aiohttp import web
from sqlalchemy import select

from bot.desk.faults import UnknownConversation
from bot.desk.reach import messages_of
from bot.desk.steps import Settling
from bot.staff.roles import Permission
from bot.storage.tables import conversations
from bot.web.bodies import Body, read_model
from bot.web.console.paging import identifier, reply
from bot.web.console.queue import StepId, Words, conversation_of, refusals, step_of
from bot.web.console.seen import SEEN
from bot.web.keys import DESK, ENGINE, PUBLIC_URL
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.sharing.access import contact_behind


class _Draft(Body):
    text: Words


class _Settled(Body):
    step: StepId
    fence: int
    kind: Settling


async def show_messages_of(request: web.Request) -> web.Response:
    """The messages that a text would go out as."""
    wanted = await read_model(request, _Draft)
    query = select(conversations.c.channel, conversations.c.locale)
    async with request.app[ENGINE].connect() as connection:
        found = await connection.execute(query.where(conversations.c.id == conversation_of(request)))
    talk = found.one_or_none()
    if talk is None:
        raise Problem(404, UnknownConversation.code)
    messages = messages_of({"text": wanted.text}, talk.channel, talk.locale, request.app[PUBLIC_URL])
    return reply({"messages": messages})


async def settle(request: web.Request) -> web.Response:
    """Says of a line in doubt that it has arrived, or sends it again."""
    wanted = await read_model(request, _Settled)
    message_id = identifier(request.match_info["message"])
    if message_id is None:
        raise Problem(404, "unknown_message")
    step = step_of(request, wanted.step)
    async with refusals(request):
        await request.app[DESK].settle(step, wanted.fence, message_id, wanted.kind)
    async with request.app[ENGINE].connect() as connection:
        whose = select(conversations.c.identity_id).where(conversations.c.id == step.conversation_id)
        contact_id = await contact_behind(connection, (await connection.execute(whose)).scalar_one())
    if contact_id is not None:
        request[SEEN].add(contact_id)
    return web.Response(status=204)


ROUTES = (
    Route("POST", "/api/queue/{id}/preview", show_messages_of, Permission.QUEUE_SERVE),
    Route("POST", "/api/queue/{id}/messages/{message}/settle", settle, Permission.QUEUE_SERVE),
)

"""What a person at the desk can do about how a message gets to the customer: see into how many messages an answer
falls, and settle what nobody knows the end of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import model_validator
from sqlalchemy import select

from bot.desk.faults import UnknownConversation
from bot.desk.reach import messages_of
from bot.desk.steps import Settling
from bot.staff.roles import Permission
from bot.storage.tables import conversations
from bot.web.bodies import Body, read_model
from bot.web.console.paging import identifier, reply
from bot.web.console.queue import Files, StepId, Words, attached, conversation_of, refusals, step_of
from bot.web.console.seen import SEEN
from bot.web.keys import DESK, ENGINE, PUBLIC_URL, WECHAT_ACCOUNTS
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.sharing.access import contact_behind


class _Draft(Body):
    text: Words | None = None
    files: Files

    @model_validator(mode="after")
    def _says_something(self) -> "_Draft":
        if self.text is None and not self.files:
            raise ValueError("neither words nor files")
        return self


class _Settled(Body):
    step: StepId
    fence: int
    kind: Settling


async def show_messages_of(request: web.Request) -> web.Response:
    """The messages that an answer would go out as: texts, and files by their names."""
    wanted = await read_model(request, _Draft)
    conversation_id = conversation_of(request)
    query = select(conversations.c.channel, conversations.c.account, conversations.c.locale)
    async with request.app[ENGINE].connect() as connection:
        found = await connection.execute(query.where(conversations.c.id == conversation_id))
    talk = found.one_or_none()
    if talk is None:
        raise Problem(404, UnknownConversation.code)
    body: dict[str, Any] = {"text": wanted.text or ""}
    if wanted.files:
        async with refusals(request):
            body["attachments"] = await attached(request, conversation_id, wanted.files)
    account = request.app[WECHAT_ACCOUNTS].get(talk.account)
    files = account is None or account.kind == "service"
    named = body.get("attachments") or ()
    addresses = _addresses(request, account.name, named) if account is not None and named else {}
    base_url = request.app[PUBLIC_URL]
    messages = messages_of(body, talk.channel, talk.locale, base_url, files=files, addresses=addresses)
    return reply({"messages": messages})


def _addresses(request: web.Request, account: str, files: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Where WeChat's customers can get files that WeChat does not take; as long as those that will be sent."""
    from bot.web.wechat.downloads import DOWNLOADS

    downloads, now = request.app[DOWNLOADS], datetime.now(UTC)
    return {one["id"]: downloads.address_since(UUID(one["id"]), account, now) for one in files}


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

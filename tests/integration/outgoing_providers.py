"""Providers for tests: an SMTP server and a text-message service on real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any
from uuid import UUID

from aiohttp import web
from aiosmtpd.smtp import SMTP
from sqlalchemy import select

from bot.outgoing.tables import outgoing_messages


@dataclass
class MailServer:
    """What came in; ``answer_*`` say how the next mails are met."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answer_rcpt: str | None = None
    answer_data: str = "250 OK"
    cut_after_data: bool = False
    stall: float = 0.0
    received: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.answer_rcpt:
            return self.answer_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.recipients += envelope.rcpt_tos
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        self.received.set()
        if self.cut_after_data:
            server.transport.abort()
        await asyncio.sleep(self.stall)
        return self.answer_data


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    """A server without TLS on this machine."""
    handler = MailServer()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True, **options), "127.0.0.1", 0
    )
    handler.port = server.sockets[0].getsockname()[1]
    async with server:
        yield handler


@dataclass
class TextService:
    """What was asked of it; ``status`` and ``answer`` are what it says."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: Any = field(default_factory=lambda: {"result": {"code": "OK", "id": 4711}})
    stall: float = 0.0
    cut: bool = False

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json() if request.content_type == "application/json" else dict(await request.post())
        self.asked.append({"query": dict(request.query), "headers": dict(request.headers), "body": body})
        await asyncio.sleep(self.stall)
        if self.cut:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self.answer, status=self.status)


@asynccontextmanager
async def text_service() -> AsyncIterator[TextService]:
    """A service on this machine."""
    service = TextService()
    app = web.Application()
    app.router.add_post("/send", service.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/send"
    yield service
    await runner.cleanup()


async def state_of(engine: Any, message_id: UUID) -> tuple[str, str | None, int]:
    """State, reason and attempts of a message."""
    table = outgoing_messages
    async with engine.connect() as connection:
        query = select(table.c.state, table.c.reason, table.c.attempts).where(table.c.id == message_id)
        return tuple((await connection.execute(query)).one())

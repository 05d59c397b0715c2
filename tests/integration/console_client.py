"""The staff API served for a test on a real socket, and browsers that talk to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from bot.desk.news import DeskNews
from bot.desk.steps import Desk
from bot.flows.catalogue import OURS
from bot.flows.model import Definitions
from bot.flows.reading import read_definitions
from bot.realtime.in_memory import InMemory
from bot.rehearsal.keys import KEYS
from bot.staff.accounts import Staff, add_staff
from bot.staff.links import issue_link
from bot.staff.passwords import Passwords
from bot.staff.rules import DEFAULT_RULES, StaffRules
from bot.staff.sign_in import Caller, SignIn
from bot.storage.bodies import seal_body
from bot.storage.tables import conversations, messages, outbox
from bot.web import keys, problems, security
from bot.web.console import setup_console
from crm_adapter.encryption import DataKey, seal
from crm_adapter.identify import identity_blind
from crm_adapter.policy import Policy
from crm_adapter.search import index_new
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sql_store import SqlStore
from crm_adapter.tables import contacts, data_keys, facts, identities, interactions

PASSWORD = "a kettle sings at seven"
TRACE = "0af7651916cd43dd8448eb211c80319c"
QUICK = {"time_cost": 1, "memory_kib": 64, "lanes": 1}


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str:
        """The problem's code; the response must be a problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        return self.body["code"]


class Browser:
    """One browser: its cookies, and the CSRF token it was told."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.csrf = ""

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> Reply:
        headers = {"X-CSRF-Token": self.csrf, "Origin": self.origin, **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        if json is not None:
            options["json"] = json
        async with self.http.request(method, self.origin + path, headers=headers, **options) as response:
            body = await response.json(content_type=None) if await response.read() else None
            return Reply(response.status, body, response.headers)

    async def sign_in(self, name: str, password: str = PASSWORD) -> Reply:
        reply = await self.call("POST", "/api/session", {"name": name, "password": password})
        if reply.status == 200:
            self.csrf = reply.body["csrf"]
        return reply

    @property
    def token(self) -> str:
        return next(cookie.value for cookie in self.http.cookie_jar if cookie.key == "yingda_staff")


class Library:
    """A knowledge base of two articles."""

    async def list(self, q: str | None, locale: str) -> list[keys.ArticleSummary]:
        found = [_summary(id, question) for id, question in (("returns", "怎么退货"), ("repair", "怎么报修"))]
        return [one for one in found if q is None or q in one["question"]]

    async def get(self, id: str) -> keys.ArticleDetail | None:
        if id != "returns":
            return None
        return {
            "id": "returns",
            "question": {"zh-Hans": "怎么退货"},
            "variants": {"zh-Hans": ["我要退货"]},
            "answers": {"zh-Hans": "七天内可以退货。"},
            "tags": ["returns"],
            "valid_from": None,
            "valid_until": None,
        }


class FlowLibrary:
    """The flows that ship, as read from their files."""

    faults = ()

    @cached_property
    def current(self) -> Definitions:
        return read_definitions(OURS)


FLOW_LIBRARY = FlowLibrary()


def _summary(id: str, question: str) -> keys.ArticleSummary:
    return {
        "id": id,
        "question": question,
        "tags": [],
        "languages": ["zh-Hans"],
        "valid_from": None,
        "valid_until": None,
    }


async def status(locale: str) -> keys.Status:
    return {"version": "0", "uptime_s": 1.0, "parts": [{"name": "store", "state": "ok", "detail": "", "mend": ""}]}


async def told_to_nobody(*_: Any) -> None:
    """An event without a dialog."""


def console_app(engine: AsyncEngine, rules: StaffRules = DEFAULT_RULES, **more: Any) -> web.Application:
    """The staff API alone, over a migrated store; ``more`` sets other keys by name."""
    app = web.Application(middlewares=[problems.problems])
    security.secure(app)
    app[keys.ENGINE] = engine
    app[keys.KEYS] = KEYS
    app[keys.CRM] = SqlStore(engine, KEYS, Policy())
    app[keys.SHARING] = SqlSharing(engine, KEYS, app[keys.CRM])
    room = InMemory()
    app[keys.DESK] = Desk(engine, KEYS, room, told_to_nobody)
    app[keys.DESK_NEWS] = DeskNews(engine, room)
    app[keys.ACCOUNTS] = ["shop"]
    app[keys.PUBLIC_URL] = "https://care.example.com"
    app[keys.ARTICLES] = Library()
    app[keys.FLOWS] = FLOW_LIBRARY
    app[keys.STATUS] = status
    app[keys.LABEL_OF] = lambda kind, ref, locale: f"{ref} ({locale})" if kind == "article" else None
    app[keys.STAFF_RULES] = rules
    app[keys.PASSWORDS] = Passwords(**QUICK)
    for name, value in more.items():
        app[getattr(keys, name)] = value
    setup_console(app)
    return app


@dataclass
class Console:
    """A served console; ``browser()`` opens one more browser."""

    engine: AsyncEngine
    app: web.Application
    origin: str
    browsers: list[Browser]

    def browser(self) -> Browser:
        self.browsers.append(Browser(self.origin))
        return self.browsers[-1]

    async def staff(self, name: str, *roles: str, password: str = PASSWORD) -> Staff:
        """An account that has signed in once by its link."""
        return await make_staff(self.engine, name, *roles, password=password)

    async def signed_in(self, name: str, *roles: str) -> Browser:
        await self.staff(name, *roles)
        browser = self.browser()
        assert (await browser.sign_in(name)).status == 200
        return browser


async def make_staff(engine: AsyncEngine, name: str, *roles: str, password: str = PASSWORD) -> Staff:
    async with engine.begin() as connection:
        staff = await add_staff(connection, name, name.title(), roles)
        token = await issue_link(connection, DEFAULT_RULES, staff.id)
    door = SignIn(engine, DEFAULT_RULES, Passwords(**QUICK))
    return (await door.by_link(token, password, Caller("127.0.0.1"))).session.staff


@asynccontextmanager
async def serving(
    engine: AsyncEngine,
    rules: StaffRules = DEFAULT_RULES,
    app: web.Application | None = None,
    **more: Any,
) -> AsyncIterator[Console]:
    app = app or console_app(engine, rules, **more)
    async with TestServer(app, host="127.0.0.1") as server:
        console = Console(engine, app, f"http://127.0.0.1:{server.port}", [])
        try:
            yield console
        finally:
            for browser in console.browsers:
                await browser.http.close()


class Talk(NamedTuple):
    contact: UUID
    identity: UUID
    conversation: UUID


async def store_talk(engine: AsyncEngine, *contents: str, name: str | None = None, account: str = "shop") -> Talk:
    """A contact whose conversation has these lines: the customer's and the bot's in turn, all answered by an
    article, the last answer still queued; already in the search index."""
    now = datetime.now(UTC)
    key, kek, wrapped = KEYS.new_data_key(uuid7())
    talk = Talk(uuid7(), uuid7(), uuid7())
    visitor = f"visitor-{talk.identity}"
    async with engine.begin() as connection:
        await connection.execute(
            contacts.insert().values(
                id=talk.contact, key_id=key.id, root_id=talk.contact, locale="zh-Hans", created_at=now
            )
        )
        await connection.execute(
            data_keys.insert().values(id=key.id, contact_id=talk.contact, kek=kek, wrapped=wrapped)
        )
        if name is not None:
            fact = uuid7()
            await connection.execute(
                facts.insert().values(
                    id=fact,
                    contact_id=talk.contact,
                    field="name",
                    sealed=seal(key, "facts.value", fact, name.encode()),
                    assurance="claimed",
                    source="web",
                    set_by="customer",
                    at=now,
                )
            )
        await connection.execute(
            identities.insert().values(
                id=talk.identity,
                contact_id=talk.contact,
                key_id=key.id,
                channel="web",
                account=account,
                blind=identity_blind(KEYS, account, visitor),
                sealed_external_id=seal(key, "identities.external_id", talk.identity, visitor.encode()),
                assurance="anonymous",
            )
        )
        await connection.execute(
            conversations.insert().values(
                id=talk.conversation,
                identity_id=talk.identity,
                channel="web",
                account=account,
                locale="zh-Hans",
                last_seq=len(contents),
                received_seq=4,
                read_seq=2,
                opened_at=now,
                last_at=now,
            )
        )
        for seq, content in enumerate(contents, start=1):
            await _store_line(connection, talk, key, seq, content, account, now)
    await index_new(engine, KEYS)
    return talk


async def _store_line(
    connection: AsyncConnection, talk: Talk, key: DataKey, seq: int, content: str, account: str, now: datetime
) -> None:
    message, interaction, direction = uuid7(), uuid7(), "in" if seq % 2 else "out"
    await connection.execute(
        messages.insert().values(
            id=message,
            conversation_id=talk.conversation,
            seq=seq,
            direction=direction,
            author="customer" if seq % 2 else "bot",
            sealed_body=seal_body(key, message, {"text": content}),
            at=now,
        )
    )
    if direction == "out":
        await connection.execute(
            outbox.insert().values(
                message_id=message, conversation_id=talk.conversation, seq=seq, account=account, trace_id=TRACE
            )
        )
    await connection.execute(
        interactions.insert().values(
            id=interaction,
            identity_id=talk.identity,
            conversation_id=talk.conversation,
            channel="web",
            account=account,
            direction=direction,
            occurred_at=now,
            sealed_content=seal(key, "interactions.content", interaction, content.encode()),
            outcome_kind="article" if seq % 2 else None,
            outcome_ref="returns" if seq % 2 else None,
            latency_ms=12.5 if seq % 2 else None,
            trace_id=TRACE,
            idempotency_key=str(message),
        )
    )

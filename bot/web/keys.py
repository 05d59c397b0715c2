"""What the parts of the HTTP edge find in the app: put there by the composition root, by type."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, Protocol, TypedDict
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.desk.news import DeskNews
from bot.desk.steps import Desk
from bot.flows.catalogue import Catalogue
from bot.outgoing.codes import Codes
from bot.outgoing.gateway import Outgoing
from bot.privacy.exporting import Exports
from bot.settings import Locale, Occasion, WechatAccount
from bot.staff.passwords import Passwords
from bot.staff.rules import StaffRules
from bot.storage.blobs import BlobStore
from crm_adapter.encryption import Keys
from crm_adapter.imports import Limits
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sql_store import SqlStore


class ArticleSummary(TypedDict):
    """``question`` in the reader's language; dates are ISO 8601 days or ``None``."""

    id: str
    question: str
    tags: list[str]
    languages: list[str]
    valid_from: str | None
    valid_until: str | None


class ArticleDetail(TypedDict):
    """One article in all its languages, by locale."""

    id: str
    question: dict[str, str]
    variants: dict[str, list[str]]
    answers: dict[str, str]
    tags: list[str]
    valid_from: str | None
    valid_until: str | None


class Articles(Protocol):
    """The knowledge base as the console reads it."""

    async def list(self, q: str | None, locale: Locale) -> Sequence[ArticleSummary]:
        """The articles that match ``q`` (all without it), in a stable order."""

    async def get(self, id: str) -> ArticleDetail | None:
        """One article, ``None`` when there is none of that id; any text is taken for an id."""


class NoticeService(Protocol):
    """Notices that WeChat shows outside the chat; see :class:`bot.web.wechat.noticing.Notices`."""

    async def send_notice(
        self,
        connection: AsyncConnection,
        identity_id: UUID,
        name: Occasion,
        values: Callable[[str], Mapping[str, str]],
        idempotency_key: str,
        *,
        if_closed: bool = False,
    ) -> bool:
        """Whether it will be sent, once per identity and key, when the caller's transaction is committed."""


class StatusPart(TypedDict):
    """``mend`` says what to do; empty when the part is well."""

    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    mend: str


class Status(TypedDict):
    version: str
    uptime_s: float
    parts: list[StatusPart]


StatusOf = Callable[[Locale], Awaitable[Status]]
LabelOf = Callable[[str, str | None, Locale], str | None]
"""What an interaction led to in words: ``(outcome kind, ref, locale)``, for an article its question."""

ENGINE = web.AppKey[AsyncEngine]("ENGINE")
KEYS = web.AppKey[Keys]("KEYS")
NOTICES = web.AppKey[NoticeService]("NOTICES")
"""Only there where an official account has notices."""
CRM = web.AppKey[SqlStore]("CRM")
"""The customer store."""
IMPORT_LIMITS = web.AppKey[Limits]("IMPORT_LIMITS")
DEFER_IMPORT = web.AppKey[Callable[[UUID], Awaitable[None]]]("DEFER_IMPORT")
"""Has a worker go on with an import."""
ACCOUNTS = web.AppKey[Sequence[str]]("ACCOUNTS")
"""Names of the channel accounts in which a customer can be known."""
PUBLIC_URL = web.AppKey[str]("PUBLIC_URL")
"""How browsers reach this server, for links; without a trailing slash."""
ARTICLES = web.AppKey[Articles]("ARTICLES")
STATUS = web.AppKey[StatusOf]("STATUS")
FLOWS = web.AppKey[Catalogue]("FLOWS")
"""The flows in force."""
LABEL_OF = web.AppKey[LabelOf]("LABEL_OF")
OUTGOING = web.AppKey[Outgoing]("OUTGOING")
CODES = web.AppKey[Codes]("CODES")
"""Confirmation codes for phones and e-mail addresses."""
STAFF_RULES = web.AppKey[StaffRules]("STAFF_RULES")
PASSWORDS = web.AppKey[Passwords]("PASSWORDS")
EXPORTS = web.AppKey[Exports]("EXPORTS")
"""The files of requests about one's own data."""
SHARING = web.AppKey[SqlSharing]("SHARING")
"""The gate through which customer data leaves."""
DESK = web.AppKey[Desk]("DESK")
"""Taking, answering and letting go of conversations."""
WECHAT_ACCOUNTS = web.AppKey[Mapping[str, WechatAccount]]("WECHAT_ACCOUNTS")
"""The official accounts of the settings, by their names."""
WECHAT_LOGIN = web.AppKey[Mapping[str, str]]("WECHAT_LOGIN")
"""By web channel, the official account that its visitors may log in with; absent where there is none."""
BLOBS = web.AppKey[BlobStore]("BLOBS")
"""The attachments of messages."""
DESK_NEWS = web.AppKey[DeskNews]("DESK_NEWS")
INSECURE_COOKIE_HOSTS = web.AppKey[Sequence[str]]("INSECURE_COOKIE_HOSTS")
"""Host names, besides loopback, for which the session cookie may travel over plain HTTP."""
FRAME_ANCESTORS = web.AppKey[Callable[[str], Sequence[str]]]("FRAME_ANCESTORS")
"""The origins whose pages may hold the widget's frame of an account; none for an unknown account."""

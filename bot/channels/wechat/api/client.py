"""The calls of WeChat's API that we use, for one account."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import aiohttp
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.api import media, pictures
from bot.channels.wechat.api.answers import (
    Answer,
    Media,
    NewTag,
    QrCode,
    Sent,
    StableToken,
    Tag,
    Tagged,
    Tags,
    Uploaded,
    User,
    WebUser,
    read,
)
from bot.channels.wechat.api.faults import TokenFault, WechatFault
from bot.channels.wechat.api.templates import NoticeTemplateList, Template, TemplateList
from bot.channels.wechat.api.token_store import Token, TokenStore
from bot.channels.wechat.api.tokens import Tokens
from bot.channels.wechat.api.transport import Request, Transport, persist
from bot.channels.wechat.customer_service import encode, typing
from bot.settings import WechatAccount
from crm_adapter.encryption import Keys

log = structlog.get_logger(__name__)

NO_MENU = 46003
TAGGED_AT_ONCE = 50
"""How many followers one call gives a label."""
_TOKEN_RETRY_S = 2.0
_Result = TypeVar("_Result")
_Answer = TypeVar("_Answer", bound=Answer)


class WechatClient:
    """Every method raises :class:`WechatFault`, and nothing else, and ends.

    No try begins after ``retry_s``; one takes two timeouts at most, and where a token has to be got, what
    :class:`Tokens` waits for its lock. What was sent and got no readable answer has the decision ``outcome_unknown``;
    what may be done twice was tried again until then.
    """

    def __init__(
        self, account: WechatAccount, session: aiohttp.ClientSession, engine: AsyncEngine | None, keys: Keys | None
    ) -> None:
        self._account = account
        self._transport = Transport(session, account.api_url)
        store = TokenStore(engine, keys, account.appid) if engine is not None and keys is not None else None
        self._tokens = Tokens(account.name, self._stable_token, store, 2 * (_TOKEN_RETRY_S + account.timeout_s))

    async def send(self, message: Mapping[str, Any]) -> None:
        """One customer-service message, as :func:`~bot.channels.wechat.customer_service.customer_service` makes it."""
        await self._json("/cgi-bin/message/custom/send", message)

    async def show_typing(self, openid: str, *, on: bool = True) -> None:
        """The typing state, for 15 s; what hinders it decides ``ignore``."""
        await self._json("/cgi-bin/message/custom/typing", typing(openid, "Typing" if on else "CancelTyping"))

    async def upload_media(self, kind: media.Kind, content: bytes, media_type: str) -> str:
        """The id by which the file can be sent for three days. ``too_large`` beyond WeChat's limit, without a call."""
        request = media.upload(kind, content, media_type)
        found = read(Uploaded, request, await self._call(request, self._account.media_timeout_s))
        media_id = found.media_id or found.thumb_media_id
        if not media_id:
            raise WechatFault(request.path, "unreadable", request.without_answer)
        return media_id

    async def fetch_media(self, media_id: str) -> Media:
        """A file that a customer sent; ``too_large`` beyond the account's ``media_bytes``."""
        request = media.download(media_id)
        timeout_s, limit = self._account.media_timeout_s, self._account.media_bytes

        async def fetch(token: str) -> Media:
            return await media.fetch(self._transport, request, timeout_s, token, limit)

        return await self._with_token(request, fetch)

    async def fetch_picture(self, url: str) -> Media:
        """A picture that a customer sent, by the address in its push: for accounts that may fetch no media (48001)."""
        own = self._account

        async def fetch() -> Media:
            return await media.fetch_picture(self._transport, url, own.api_url, own.media_timeout_s, own.media_bytes)

        return await persist(fetch, own.retry_s)

    async def create_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Replaces the menu; followers see it within minutes."""
        await self._json("/cgi-bin/menu/create", {"button": buttons}, repeatable=True)

    async def menu(self) -> list[dict[str, Any]]:
        """The buttons of the menu; none without a menu."""
        request = _read_request("/cgi-bin/menu/get")
        try:
            answer = await self._call(request)
        except WechatFault as fault:
            if fault.errcode == NO_MENU:
                return []
            raise
        found = answer.get("menu")
        buttons = found.get("button") if isinstance(found, dict) else None
        if not isinstance(buttons, list) or not all(isinstance(button, dict) for button in buttons):
            raise WechatFault(request.path, "unreadable", request.without_answer)
        return buttons

    async def check(self) -> None:
        """A call that every account may make: whether address, app id, secret and token are right."""
        await self._call(_read_request("/cgi-bin/get_current_selfmenu_info"))

    async def create_qr_code(self, scene: str, seconds: int | None = None) -> QrCode:
        """A QR code that tells its ``scene`` (1 to 64 characters); permanent without ``seconds`` (at most 30 days)."""
        action = {"action_name": "QR_LIMIT_STR_SCENE"} if seconds is None else {"action_name": "QR_STR_SCENE"}
        expiry = {} if seconds is None else {"expire_seconds": seconds}
        body = {**action, **expiry, "action_info": {"scene": {"scene_str": scene}}}
        return await self._ask(QrCode, _posted("/cgi-bin/qrcode/create", body, repeatable=True))

    async def qr_picture(self, ticket: str) -> Media:
        """The picture of a QR code that was made here."""
        return await persist(partial(pictures.fetch, self._transport, self._account, ticket), self._account.retry_s)

    async def user(self, openid: str) -> User:
        """What WeChat tells of a user, the ``unionid`` above all."""
        return await self._ask(User, _read_request("/cgi-bin/user/info", openid=openid, lang="zh_CN"))

    async def tags(self) -> tuple[Tag, ...]:
        """All labels of the account."""
        return (await self._ask(Tags, _read_request("/cgi-bin/tags/get"))).tags

    async def create_tag(self, name: str) -> Tag:
        """A new label, at most 30 bytes; 45157 for one that is there."""
        return (await self._ask(NewTag, _posted("/cgi-bin/tags/create", {"tag": {"name": name}}))).tag

    async def delete_tag(self, tag_id: int) -> None:
        """Takes a label from the account and all its followers."""
        await self._json("/cgi-bin/tags/delete", {"tag": {"id": tag_id}}, repeatable=True)

    async def tagged(self, tag_id: int) -> set[str]:
        """All followers with a label; 10,000 with each call."""
        found: set[str] = set()
        after = ""
        while True:
            body = {"tagid": tag_id, "next_openid": after}
            page = await self._ask(Tagged, _posted("/cgi-bin/user/tag/get", body, repeatable=True))
            found.update(page.data.openid)
            if not page.data.openid or page.next_openid in ("", after):
                return found
            after = page.next_openid

    async def tag_users(self, tag_id: int, openids: Sequence[str], *, on: bool = True) -> None:
        """Gives followers a label, or takes it from them; 50 with each call, those before a fault have it."""
        path = "/cgi-bin/tags/members/batchtagging" if on else "/cgi-bin/tags/members/batchuntagging"
        for start in range(0, len(openids), TAGGED_AT_ONCE):
            listed = list(openids[start : start + TAGGED_AT_ONCE])
            await self._json(path, {"openid_list": listed, "tagid": tag_id}, repeatable=True)

    async def send_template(
        self, openid: str, template_id: str, values: Mapping[str, str], target: Mapping[str, Any] | None = None
    ) -> int | None:
        """A template message; the number by which its end is reported. ``target``: ``url`` or ``miniprogram``."""
        body = {"touser": openid, "template_id": template_id, **(target or {}), "data": _fields(values)}
        return (await self._ask(Sent, _posted("/cgi-bin/message/template/send", body))).msgid

    async def send_notice(
        self, openid: str, template_id: str, values: Mapping[str, str], target: Mapping[str, Any] | None = None
    ) -> int | None:
        """A subscription notice, for which the user's consent is used up; ``target``: ``page`` or ``miniprogram``."""
        body = {"touser": openid, "template_id": template_id, **(target or {}), "data": _fields(values)}
        return (await self._ask(Sent, _posted("/cgi-bin/message/subscribe/bizsend", body))).msgid

    async def templates(self) -> tuple[Template, ...]:
        """The account's templates of template messages."""
        request = _read_request("/cgi-bin/template/get_all_private_template")
        return (await self._ask(TemplateList, request)).templates()

    async def notice_templates(self) -> tuple[Template, ...]:
        """The account's templates of subscription notices."""
        return (await self._ask(NoticeTemplateList, _read_request("/wxaapi/newtmpl/gettemplate"))).templates()

    async def web_user(self, code: str) -> WebUser:
        """Who came back from WeChat's log-in page with this code, which is good for one call."""
        query = {
            "appid": self._account.appid,
            "secret": self._secret(),
            "code": code,
            "grant_type": "authorization_code",
        }
        request = Request("/sns/oauth2/access_token", "GET", query)

        async def ask() -> WebUser:
            return read(WebUser, request, await self._transport.exchange(request, self._account.timeout_s))

        return await persist(ask, self._account.retry_s)

    async def close(self) -> None:
        """Ends what is under way of itself."""
        await self._tokens.close()

    async def _json(self, path: str, body: Mapping[str, Any], *, repeatable: bool = False) -> None:
        await self._call(_posted(path, body, repeatable=repeatable))

    async def _ask(self, model: type[_Answer], request: Request) -> _Answer:
        return read(model, request, await self._call(request))

    async def _call(self, request: Request, timeout_s: float | None = None) -> dict[str, Any]:
        async def exchange(token: str) -> dict[str, Any]:
            return await self._transport.exchange(request, timeout_s or self._account.timeout_s, token)

        return await self._with_token(request, exchange)

    async def _with_token(self, request: Request, call: Callable[[str], Awaitable[_Result]]) -> _Result:
        async def once() -> _Result:
            token = await self._tokens.current()
            try:
                result = await call(token)
            except WechatFault as fault:
                if fault.decision != "refresh_token":
                    raise
            else:
                await self._tokens.trust()
                return result
            token = await self._tokens.after_refusal(token)
            try:
                return await call(token)
            except WechatFault as fault:
                if fault.decision != "refresh_token":
                    raise
                log.error("a fresh access token is refused", account=self._account.name, rid=fault.rid)
                refused = TokenFault(request.path, fault.error)
                await self._tokens.doubt(refused)
                raise refused from None

        return await persist(once, self._account.retry_s)

    async def _stable_token(self, force: bool) -> Token:
        credentials = {"grant_type": "client_credential", "appid": self._account.appid, "secret": self._secret()}
        body = encode({**credentials, "force_refresh": force})
        request = Request("/cgi-bin/stable_token", body=body, repeatable=True)

        async def ask() -> Token:
            try:
                answer = await self._transport.exchange(request, self._account.timeout_s)
            except WechatFault as fault:
                if fault.decision != "refresh_token":
                    raise
                raise TokenFault(request.path, fault.error) from None  # the secret, not a token, is refused
            found = read(StableToken, request, answer)
            return Token(found.access_token, float(found.expires_in))

        # A demand is counted each time: it is made once.
        return await persist(ask, 0 if force else _TOKEN_RETRY_S)

    def _secret(self) -> str:
        return self._account.secret.get_secret_value() if self._account.secret else ""


@asynccontextmanager
async def open_client(
    account: WechatAccount, engine: AsyncEngine | None = None, keys: Keys | None = None
) -> AsyncIterator[WechatClient]:
    """A client with connections of its own; without a store its token is shared with nobody, and never demanded anew.

    The store's engine and keys stay the caller's.
    """
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = WechatClient(account, session, engine, keys)
        try:
            yield client
        finally:
            await client.close()


def _read_request(path: str, **query: str) -> Request:
    return Request(path, "GET", query, repeatable=True)


def _posted(path: str, body: Mapping[str, Any], *, repeatable: bool = False) -> Request:
    try:
        return Request(path, body=encode(body), repeatable=repeatable)
    except UnicodeEncodeError:
        raise WechatFault(path, "not_text", "give_up") from None


def _fields(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in values.items()}

"""The last step of a log-in with WeChat: the chat proves that it began it, and its visitor is the WeChat user.

A web visitor and a WeChat user become one customer by the port's own rule for what is proven on both sides; consents
are never widened by it. A visitor who is another user of the same account already is not joined: two people may share
a browser.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.channels.base import BadInbound
from bot.channels.web.tokens import Visitor
from bot.web.chat.plain import caller
from bot.web.chat.routes import refusing
from bot.web.keys import CRM, ENGINE, KEYS
from bot.web.problems import Problem
from bot.web.routes import PUBLIC, Route
from bot.web.wechat.edge import WECHAT
from bot.web.wechat.login import LOGINS, PROVEN
from bot.web.wechat.passes import Pass, PassRefused
from crm_adapter.encryption import Keys
from crm_adapter.identify import IDENTIFY, Sender, identify_arguments
from crm_adapter.records.customers import Provenance, Suggested
from crm_adapter.sql_store import SqlStore

log = structlog.get_logger(__name__)

SOURCE = "wechat_login"
LONGEST_SECRET = 256
_TRIES = 3
_SPEND = text(
    "INSERT INTO bot.spent_tokens (account, jti, expires_at) VALUES ('wechat-login', :number, :until)"
    " ON CONFLICT DO NOTHING"
)
_FIND = text("SELECT crm.find_identity(:blind)")


class Used(Exception):
    """The pass was used before."""


class SomebodyElse(Exception):
    """The visitor is another user of the account already."""


@dataclass(frozen=True, slots=True)
class Joined:
    """``joined`` is false where staff is asked first; ``identity_id`` is the WeChat user's."""

    joined: bool
    identity_id: UUID


async def join(request: web.Request) -> web.Response:
    """``{"proof": …, "secret": …}`` of the chat whose session token is sent along: 200 ``{"joined": …}``.

    400 ``login_invalid`` for a proof that is no good, or not for this chat; 409 ``login_used`` and
    ``login_somebody_else``.
    """
    edge, visitor = caller(request)
    await edge.admit_signal(visitor)
    body = await edge.read_frame(request)
    proven = _proven(request, visitor, body)
    account, openid = proven.values["account"], proven.values["openid"]
    joining = Joining(request.app[ENGINE], request.app[KEYS], request.app[CRM])
    try:
        done = await joining.join(proven, visitor, account, openid)
    except Used:
        raise Problem(409, "login_used") from None
    except SomebodyElse:
        raise Problem(409, "login_somebody_else") from None
    log.info("wechat_login.joined", account=account, joined=done.joined, identity=str(done.identity_id))
    request.app[WECHAT].unionids.offer(account, done.identity_id, openid)
    return web.json_response({"joined": done.joined})


def _proven(request: web.Request, visitor: Visitor, body: dict[str, Any]) -> Pass:
    proof, secret = body.get("proof"), body.get("secret")
    if not isinstance(proof, str) or not isinstance(secret, str) or len(secret) > LONGEST_SECRET:
        raise BadInbound("bad_message", field="proof")
    try:
        proven = request.app[LOGINS].passes.read(PROVEN, proof)
    except PassRefused as refused:
        raise Problem(400, f"login_{refused.code}") from None
    digest = hashlib.sha256(secret.encode(errors="replace")).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if (proven.values["channel"], proven.values["challenge"]) != (visitor.account, challenge):
        raise Problem(400, "login_invalid")
    return proven


class Joining:
    """Makes one customer of a visitor and a WeChat user; all of it is one transaction."""

    def __init__(self, engine: AsyncEngine, keys: Keys, crm: SqlStore) -> None:
        self._engine = engine
        self._keys = keys
        self._crm = crm

    async def join(self, proven: Pass, visitor: Visitor, account: str, openid: str) -> Joined:
        """Raises :class:`Used` and :class:`SomebodyElse`; then nothing was changed."""
        for _ in range(_TRIES - 1):
            try:
                return await self._join(proven, visitor, account, openid)
            except IntegrityError:
                continue  # the visitor's or the user's first message came at the same moment
        return await self._join(proven, visitor, account, openid)

    async def _join(self, proven: Pass, visitor: Visitor, account: str, openid: str) -> Joined:
        said = Provenance(SOURCE, "customer", datetime.now(UTC), "verified")
        async with self._engine.begin() as connection:
            values = {"number": proven.number, "until": proven.expires_at}
            if not (await connection.execute(_SPEND, values)).rowcount:
                raise Used
            crm = self._crm.within(connection)
            here = await crm.find_by_identity("web", visitor.account, visitor.identity)
            if here is None:
                # Somebody who has written nothing yet: the visitor becomes the WeChat user's, known or new.
                there = await self._identify(connection, visitor, account, openid)
                linked = await crm.link_identity(there, "web", visitor.account, visitor.identity, "verified", said)
            else:
                await _nobody_else(crm, here, account, openid)
                linked = await crm.link_identity(here, "wechat", account, openid, "verified", said)
                if not isinstance(linked, Suggested):
                    await crm.link_identity(here, "web", visitor.account, visitor.identity, "verified", said)
            blind = self._keys.blind("identity", account, openid)
            identity_id = (await connection.execute(_FIND, {"blind": blind})).scalar_one()
        return Joined(not isinstance(linked, Suggested), identity_id)

    async def _identify(self, connection: AsyncConnection, visitor: Visitor, account: str, openid: str) -> UUID:
        sender = Sender("wechat", account, openid, "verified", visitor.locale)
        row = (await connection.exec_driver_sql(IDENTIFY, identify_arguments(self._keys, sender))).one()
        contact_id: UUID = row.contact_id
        return contact_id


async def _nobody_else(crm: SqlStore, contact_id: UUID, account: str, openid: str) -> None:
    """Raises :class:`SomebodyElse`."""
    known = (await crm.contact(contact_id)).identities
    others = {one.external_id for one in known if (one.channel, one.account) == ("wechat", account)}
    if others - {openid}:
        raise SomebodyElse


ROUTES = (Route("POST", "/channels/{account}/wechat", refusing(join), PUBLIC),)

"""Pushes that are no talk, or not only: each has its effect once, however often WeChat sends it.

The effect and the note that it was had are one transaction (``bot.channel_events``); an acknowledgement comes after it.
What we have no type for, and what its handler cannot take, is kept as it came, sealed.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

import structlog
from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.channels.wechat.api import WechatClient
from bot.channels.wechat.pushes import (
    Click,
    DeskSession,
    MassFinish,
    MenuInput,
    MiniProgram,
    NoticesChosen,
    NoticesSent,
    Payment,
    Push,
    Scan,
    ScannedCode,
    Subscribe,
    TemplateFinish,
    Unknown,
    Unsubscribe,
    View,
    Whereabouts,
)
from bot.faults import places_of
from bot.metrics import EVENTS
from bot.turns.take import UNAVAILABLE, TurnUnavailable
from bot.web.wechat.arriving import LOCALE
from bot.web.wechat.event import Event, EventParts, Handler
from bot.web.wechat.events_behaviour import behave
from bot.web.wechat.events_follow import unfollow
from bot.web.wechat.notices.permissions import choose
from bot.web.wechat.notices.results import finish_subscriptions, finish_template
from bot.web.wechat.their_desk import attend
from crm_adapter.encryption import seal
from crm_adapter.encryption.vault import house_key
from crm_adapter.identify import (
    IDENTIFY,
    RENEW_KEY,
    KeyDamaged,
    Known,
    Sender,
    identify_arguments,
    identity_blind,
    known,
    renewal_arguments,
)

log = structlog.get_logger(__name__)

PLACE = "channel_events.raw"
_REPORTS = (Unsubscribe, TemplateFinish, MassFinish, NoticesSent, DeskSession)
WITHIN_S = 4.0
"""An event that takes longer is given back to WeChat, which sends it again."""
AFTERWARDS_S = 5.0
AWAY = (*UNAVAILABLE, exc.OperationalError, exc.InterfaceError, exc.TimeoutError, TimeoutError)
"""What says that the store cannot be had now, rather than that the push cannot be taken."""

_ONCE = text(
    "INSERT INTO bot.channel_events (id, blind, account, subject, kind, happened_at, received_at, sealed_raw)"
    " VALUES (:id, :blind, :account, :subject, :kind, :at, :received, :raw) ON CONFLICT (blind) DO NOTHING"
)
_HAS_LEFT = text(
    "SELECT EXISTS (SELECT FROM bot.channel_events"
    " WHERE subject = :subject AND kind = 'unsubscribe' AND happened_at > :at)"
)
_FIND = text("SELECT crm.find_identity(:blind)")
_HOLD = text("SELECT :id, contact_id, key_id, kek, wrapped FROM crm.hold_identity(:id)")


class Events:
    """One process's; ``clients`` are those of the accounts that are open."""

    def __init__(self, parts: EventParts, clients: Mapping[str, WechatClient]) -> None:
        self._parts = parts
        self._clients = clients

    async def take(self, account: str, push: Push, raw: str, now: datetime) -> None:
        """The push has had its effect, now or before, when this returns; ``raw`` is its text as it was signed.

        Does nothing for a push without a handler. Raises :class:`~bot.turns.take.TurnUnavailable` when the store is
        away; then nothing of it was written. A push that breaks its handler is kept as it came, and never tried again.
        """
        handler = HANDLERS.get(type(push))
        if handler is None:
            return
        try:
            async with asyncio.timeout(WITHIN_S):
                event = await self._mending(account, push, raw, now, handler)
        except AWAY as error:
            log.warning("an event cannot be taken", account=account, reason=type(error).__name__)
            raise TurnUnavailable from error
        if event is not None:
            EVENTS.labels(kind_of(push)).inc()
            await self._afterwards(event)

    async def is_outdated(self, account: str, push: Push) -> bool:
        """Whether somebody who follows had left by the time their follow came: nobody is there to be greeted.

        Raises :class:`~bot.turns.take.TurnUnavailable` when the store is away.
        """
        if not isinstance(push, Subscribe):
            return False
        try:
            async with asyncio.timeout(WITHIN_S), self._parts.engine.connect() as connection:
                return await self._has_left(connection, account, push)
        except AWAY as error:
            raise TurnUnavailable from error

    async def _has_left(self, connection: AsyncConnection, account: str, push: Push) -> bool:
        values = {"subject": identity_blind(self._parts.keys, account, push.openid), "at": push.at}
        return bool(await connection.scalar(_HAS_LEFT, values))

    async def _mending(self, account: str, push: Push, raw: str, now: datetime, handler: Handler) -> Event | None:
        """Like :meth:`_once`, with a new key for one that is damaged, and without its effect for what breaks."""
        try:
            return await self._once(account, push, raw, now, handler)
        except KeyDamaged as damaged:
            log.error("a data key is damaged", key=str(damaged.key_id))
            async with self._parts.engine.begin() as connection:
                values = renewal_arguments(self._parts.keys, damaged, push.openid)
                await connection.exec_driver_sql(RENEW_KEY, values)
            return await self._once(account, push, raw, now, handler)
        except AWAY:
            raise
        except Exception as error:
            log.error("an event broke its handler", account=account, kind=kind_of(push), fault=places_of(error))
            return await self._once(account, push, raw, now, keep)

    async def _once(self, account: str, push: Push, raw: str, now: datetime, handler: Handler) -> Event | None:
        """``None`` where another delivery has had the effect."""
        parts = replace(self._parts, client=self._clients.get(account))
        keys, number = parts.keys, uuid7()
        async with parts.engine.begin() as connection:
            who = await self._who(connection, account, push)
            sealed = None
            if handler is keep:
                key = who.key if who is not None else await house_key(connection, keys)
                sealed = seal(key, PLACE, number, raw.encode())
            values = {
                "id": number,
                "blind": keys.blind("message", account, push.external_id),
                "account": account,
                "subject": identity_blind(keys, account, push.openid),
                "kind": kind_of(push),
                "at": push.at,
                "received": now,
                "raw": sealed,
            }
            if not (await connection.execute(_ONCE, values)).rowcount:
                return None
            event = Event(number, account, push, raw, now, parts, connection, who)
            await handler(event)
        return event

    async def _who(self, connection: AsyncConnection, account: str, push: Push) -> Known | None:
        keys = self._parts.keys
        found = await connection.scalar(_FIND, {"blind": identity_blind(keys, account, push.openid)})
        is_new = makes_known(push)
        if isinstance(push, Subscribe) and await self._has_left(connection, account, push):
            is_new = False
        if found is None and not is_new:
            return None
        if found is not None:
            row = (await connection.execute(_HOLD, {"id": found})).one_or_none()
            if row is None and not is_new:
                return None  # erased meanwhile
            if row is not None and row.wrapped is not None:
                return known(keys, tuple(row))
        arguments = identify_arguments(keys, Sender("wechat", account, push.openid, "verified", LOCALE))
        row = (await connection.exec_driver_sql(IDENTIFY, arguments)).one()
        return known(keys, tuple(row), arguments)

    async def _afterwards(self, event: Event) -> None:
        for step in event.afterwards:
            try:
                async with asyncio.timeout(AFTERWARDS_S):
                    await step()
            except Exception as error:
                log.warning("what follows an event failed", account=event.account, fault=places_of(error))


async def keep(event: Event) -> None:
    """Its text is kept, sealed, and nothing else is done."""


def kind_of(push: Push) -> str:
    """What an event is called in the store and in metrics."""
    return type(push).__name__.lower()


def makes_known(push: Push) -> bool:
    """Whether somebody did it who is a user of the account; a report about one of our messages makes nobody known, nor
    does an unfollow, which may come after everything was erased."""
    if isinstance(push, Unknown):
        return push.is_message
    return not isinstance(push, _REPORTS)


HANDLERS: Mapping[type[Push], Handler] = MappingProxyType(
    {
        Subscribe: behave,
        Unsubscribe: unfollow,
        Scan: behave,
        Click: behave,
        View: behave,
        MiniProgram: behave,
        ScannedCode: behave,
        MenuInput: behave,
        Whereabouts: behave,
        Payment: behave,
        DeskSession: attend,
        NoticesChosen: choose,
        NoticesSent: finish_subscriptions,
        TemplateFinish: finish_template,
        MassFinish: keep,
        Unknown: keep,
    }
)
"""What is done about each type of push; one that is not named here is talk, and nothing else."""

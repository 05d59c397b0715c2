"""What the webhooks' handlers share: the accounts, the turns under way, and the answers to pushes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from aiohttp import web

from bot.channels.wechat.api import WechatClient
from bot.channels.wechat.api.menus import DEMO, MenuFaults, labels_of, read_menu
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.webhook import Webhook
from bot.channels.wechat.window import trigger_of
from bot.domain.message import Inbound, Taken
from bot.faults import places_of
from bot.outbox.passive import Asked, Passive
from bot.outbox.sending import Outbox
from bot.realtime import Realtime
from bot.realtime.topics import DESK
from bot.settings import WechatAccount
from bot.storage.blobs import BlobStore
from bot.turns.take import UNAVAILABLE, Turns, TurnUnavailable
from bot.web.problems import Problem
from bot.web.wechat.arriving import Arrivals
from bot.web.wechat.events import Events
from bot.web.wechat.replies import Reply, choose
from bot.web.wechat.unionids import UnionidQueue

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """An official account: what opens its pushes, and what makes messages of them."""

    name: str
    webhook: Webhook
    arrivals: Arrivals


@dataclass(slots=True)
class WechatEdge:
    """The parts that the webhooks stand on; one per process."""

    accounts: Mapping[str, Account]
    clients: Mapping[str, WechatClient]
    """Those that are open."""
    turns: Turns
    passive: Passive
    outbox: Outbox
    realtime: Realtime
    base_url: str
    events: Events
    unionids: UnionidQueue
    _under_way: dict[tuple[str, str], "asyncio.Task[Taken]"] = field(default_factory=dict)

    def account(self, request: web.Request) -> Account:
        """The official account whose webhook is asked; 404 where there is none."""
        found = self.accounts.get(request.match_info["account"])
        if found is None:
            raise Problem(404, "unknown_account")
        return found

    def take(self, account: Account, inbound: Inbound, push: Push) -> "asyncio.Task[Taken]":
        """The message's turn, which goes on when nobody waits for it; another delivery of it joins the one under way.

        It ends with :class:`~bot.turns.take.TurnUnavailable` when the store is away.
        """
        key = (inbound.account, inbound.external_id)
        turn = self._under_way.get(key)
        if turn is None:
            turn = self._under_way[key] = asyncio.create_task(self._turn(account, inbound, push))
            turn.add_done_callback(partial(self._ended, key))
        return turn

    async def reply(self, taken: Taken, push: Push) -> Reply | None:
        """The passive answer; the same again for another delivery of the push. ``None`` where there is none.

        Raises :class:`~bot.turns.take.TurnUnavailable` when the store is away.
        """
        last = taken.answers[-1] if taken.answers else taken.message
        asked = Asked(taken.message.id, taken.identity_id, last.seq)
        try:
            answered = await self.passive.answer(asked, lambda rows: choose(rows, push, self.base_url))
        except UNAVAILABLE as error:
            log.warning("an answer cannot be chosen", reason=type(error).__name__)
            raise TurnUnavailable from error
        if answered.rest:
            self.outbox.wake()
        return answered.reply

    async def _turn(self, account: Account, inbound: Inbound, push: Push) -> Taken:
        with structlog.contextvars.bound_contextvars(trace_id=inbound.trace_id, account=inbound.account):
            whole = await account.arrivals.whole(inbound, push, self.clients.get(account.name))
            taken = await self.turns.take(replace(whole, act=trigger_of(push)))
        self.unionids.offer(account.name, taken.identity_id, inbound.identity)
        if taken.at_desk:
            await self.realtime.publish(DESK, {"conversation": str(taken.conversation_id)})
        return taken

    def _ended(self, key: tuple[str, str], turn: "asyncio.Task[Taken]") -> None:
        self._under_way.pop(key, None)
        if not turn.cancelled() and (fault := turn.exception()) and not isinstance(fault, TurnUnavailable):
            log.error("a push's turn broke", account=key[0], fault=places_of(fault))


WECHAT = web.AppKey("wechat_edge", WechatEdge)


def account_of(settings: WechatAccount, blobs: BlobStore) -> Account:
    """The account by its settings; one whose menu cannot be read has taps without words."""
    assert settings.token is not None  # noqa: S101 - the settings refuse an account without one
    keys = tuple(key.get_secret_value() for key in (settings.aes_key, settings.previous_aes_key) if key is not None)
    webhook = Webhook(
        token=settings.token.get_secret_value(), app_id=settings.appid, encoding_aes_keys=keys, mode=settings.mode
    )
    try:
        labels = labels_of(read_menu(settings.menu_file or DEMO))
    except MenuFaults as faults:
        log.error("the menu's file has faults", account=settings.name, count=len(faults.faults))
        labels = {}
    return Account(settings.name, webhook, Arrivals(settings.name, blobs, labels))

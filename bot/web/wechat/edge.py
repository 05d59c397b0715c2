"""What the webhooks' handlers share: the accounts, the turns under way, and the answers to pushes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiohttp import web

from bot.channels.wechat.api import WechatClient
from bot.channels.wechat.api.menus import DEMO, MenuFaults, labels_of, read_menu
from bot.channels.wechat.inbound import files_of
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.webhook import Webhook
from bot.channels.wechat.window import trigger_of
from bot.domain.message import Inbound, Taken
from bot.outbox.passive import Asked, Chosen, Passive
from bot.outbox.rows import Row
from bot.outbox.sending import Outbox
from bot.realtime import Realtime
from bot.realtime.topics import DESK
from bot.settings import WechatAccount
from bot.storage.blobs import BlobStore
from bot.turns.take import UNAVAILABLE, Turns, TurnUnavailable
from bot.web.problems import Problem
from bot.web.wechat.arrived import Arrived
from bot.web.wechat.arriving import Arrivals
from bot.web.wechat.events import AWAY, Events
from bot.web.wechat.intake import Intake
from bot.web.wechat.lines import Entry
from bot.web.wechat.replies import Manner, Reply, choose, in_one
from bot.web.wechat.their_desk import TheirDesk
from bot.web.wechat.tries import Patience, Tries
from bot.web.wechat.typing import Typing
from bot.web.wechat.unionids import UnionidQueue

log = structlog.get_logger(__name__)

TAKE_BACK_S = 600.0
"""For so long it is tried to take an answer back."""


@dataclass(frozen=True, slots=True)
class Account:
    """An official account: what opens its pushes, and what makes messages of them."""

    name: str
    webhook: Webhook
    arrivals: Arrivals
    tries: Tries
    their_desk: TheirDesk | None = None

    def message(self, arrived: Arrived) -> Inbound | None:
        """What a push says, without its files; ``None`` for what no customer said."""
        inbound = self.arrivals.message(arrived.push, arrived.at)
        if inbound is None:
            return None
        reply_by = arrived.at + timedelta(seconds=self.tries.patience.answered_s)
        return replace(inbound, trace_id=arrived.trace_id, reply_by=reply_by)


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
    manners: Mapping[str, Manner]
    events: Events
    unionids: UnionidQueue
    typing: Typing
    intake: Intake = field(init=False)
    _fetching: dict[str, "asyncio.Task[Inbound]"] = field(default_factory=dict)
    _answering: set["asyncio.Task[Any]"] = field(default_factory=set)

    def account(self, request: web.Request) -> Account:
        """The official account whose webhook is asked; 404 where there is none."""
        found = self.accounts.get(request.match_info["account"])
        if found is None:
            raise Problem(404, "unknown_account")
        return found

    def take(self, arrived: Arrived) -> Entry:
        """The push on its way to its turn; another delivery of it joins the one that is. Files are fetched at once,
        also where something of the user's goes before it."""
        entry = self.intake.take(arrived)
        account = self.accounts[arrived.account]
        if entry.arrived is arrived and files_of(arrived.push) and (inbound := account.message(arrived)) is not None:
            whole = account.arrivals.whole(inbound, arrived.push, self.clients.get(account.name))
            self._fetching[arrived.trace_id] = asyncio.create_task(whole)
            entry.settled.add_done_callback(lambda _: self._fetching.pop(arrived.trace_id, None))
        return entry

    async def work(self, arrived: Arrived) -> Taken | None:
        """What the push asks for: an event's effect, a message's turn. ``None`` for what no customer said.

        Raises :class:`~bot.turns.take.TurnUnavailable` when the store is away.
        """
        with structlog.contextvars.bound_contextvars(trace_id=arrived.trace_id, account=arrived.account):
            account = self.accounts[arrived.account]
            try:
                await self.events.take(account.name, arrived.push, arrived.text, arrived.at)
                inbound = account.message(arrived)
                if inbound is None or await self.events.is_outdated(account.name, arrived.push):
                    return None
                inbound = await self._whole(account, arrived, inbound)
                with self.typing.during(account.name, arrived.push.openid):
                    taken = await self.turns.take(replace(inbound, act=trigger_of(arrived.push)))
            except AWAY as error:
                raise TurnUnavailable from error
        if taken.working:
            self.typing.until_answered(account.name, inbound.identity, taken)
        self.unionids.offer(account.name, taken.identity_id, inbound.identity)
        if taken.at_desk:
            await self.realtime.publish(DESK, {"conversation": str(taken.conversation_id)})
        if inbound.reply_by is not None and inbound.reply_by <= datetime.now(UTC):
            self.outbox.wake()
        return taken

    async def _whole(self, account: Account, arrived: Arrived, inbound: Inbound) -> Inbound:
        if (fetching := self._fetching.pop(arrived.trace_id, None)) is not None:
            whole = await fetching
            # What could not be kept while the store was away is fetched again, once nobody waits for an answer.
            late = datetime.now(UTC) - arrived.at > timedelta(seconds=account.tries.patience.answered_s)
            if not late or whole.body.get("media", {}).get("missing") != "unavailable":
                return whole
        return await account.arrivals.whole(inbound, arrived.push, self.clients.get(account.name))

    async def reply(
        self, account: Account, taken: Taken, push: Push, *, within_s: float, is_last: bool
    ) -> Reply | None:
        """The passive answer; the same again for another delivery of the push. ``None`` where there is none.

        Where people answer at WeChat's own desk, a message of somebody who wants one is transferred to it, and what the
        bot has to say goes out as customer-service messages.

        Raises :class:`TimeoutError` when it cannot be had in time: another delivery gets it, or, where this is the last
        one, it goes out as if it had never been chosen. Raises :class:`~bot.turns.take.TurnUnavailable` when the store
        is away.
        """
        answering = asyncio.create_task(self._answer(account, taken, push))
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)
        await asyncio.wait({answering}, timeout=within_s)
        if answering.done():
            return answering.result()
        if is_last:
            answering.add_done_callback(lambda _: self.take_back(taken))
        answering.add_done_callback(_retrieve)
        raise TimeoutError

    def take_back(self, taken: Taken) -> None:
        """The answer that was written down as given could not be given, and nobody asks for it again."""
        taking = asyncio.create_task(self._take_back(taken))
        self._answering.add(taking)
        taking.add_done_callback(self._answering.discard)

    async def _take_back(self, taken: Taken) -> None:
        end = asyncio.get_running_loop().time() + TAKE_BACK_S
        while True:
            try:
                await self.passive.take_back(taken.message.id)
            except UNAVAILABLE as error:
                if asyncio.get_running_loop().time() > end:
                    log.error("an answer that was not given cannot be taken back", message=str(taken.message.id))
                    return
                log.warning("an answer that was not given is not taken back yet", reason=type(error).__name__)
                await asyncio.sleep(1)
            else:
                self.outbox.wake()
                return

    async def _answer(self, account: Account, taken: Taken, push: Push) -> Reply | None:
        last = taken.answers[-1] if taken.answers else taken.message
        asked = Asked(taken.message.id, taken.identity_id, last.seq)
        transferred = account.their_desk.transferred(taken, push) if account.their_desk else None
        lines = taken.answers if transferred is None and not taken.duplicate else ()
        own = in_one([line.body for line in lines], taken.locale, push, self.manners[account.name])

        def chosen(rows: Sequence[Row]) -> Chosen[Reply] | None:
            return choose(rows, push, self.manners[account.name]) if transferred is None else None

        try:
            if own is not None and await self.passive.give(asked, [line.id for line in lines]):
                return own
            answered = await self.passive.answer(asked, chosen)
        except UNAVAILABLE as error:
            log.warning("an answer cannot be chosen", reason=type(error).__name__)
            raise TurnUnavailable from error
        if answered.rest:
            self.outbox.wake()
        return transferred or answered.reply


def _retrieve(answering: "asyncio.Task[Reply | None]") -> None:
    if not answering.cancelled():
        answering.exception()


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
    tries = Tries(Patience(settings.push_try_s, settings.push_tries))
    desk = TheirDesk(settings.desk_agent) if settings.desk == "wechat" else None
    return Account(settings.name, webhook, Arrivals(settings.name, blobs, labels), tries, desk)

"""Lines that go out by WeChat's customer-service API, within its send windows."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import structlog

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.customer_service import customer_service
from bot.channels.wechat.fold import batch, batched, fold
from bot.channels.wechat.outgoing import File, Menu, Outgoing, Words, in_words
from bot.channels.wechat.window import Act, Trigger, Window, bears_a_menu, rule_of, window
from bot.metrics import WECHAT_FAULTS
from bot.outbox.deliverer import Again, Failed, Offers, Sent, Shut, Step, Unknown, Verdict, Waiting
from bot.outbox.rows import Row
from bot.settings import WechatAccount
from bot.web.wechat.replies import Manner, bodies_of, parts_of, untouched
from bot.web.wechat.rights import BELIEVED_FOR, Rights
from bot.web.wechat.uploads import Uploads
from bot.web.wechat.verdicts import PAUSES, verdict_of

log = structlog.get_logger(__name__)

SENT_WITHIN_S = 28.0
"""In all its forms; half of the outbox's lease is 30 s."""
_FORMS = 3


class CustomerService:
    """One account's :class:`~bot.outbox.deliverer.Deliverer`."""

    route = "service"

    def __init__(
        self,
        account: WechatAccount,
        client: WechatClient,
        manner: Manner,
        uploads: Uploads,
        rights: Rights,
        offers: Offers | None = None,
    ) -> None:
        self.offers = offers
        self.patience = timedelta(hours=account.wait_h)
        self._account = account
        self._client = client
        self._manner = manner
        self._uploads = uploads
        self._rights = rights
        self._rule = rule_of(account)
        self._no_menus_until = self._paused_until = datetime.min.replace(tzinfo=UTC)
        self._pause = Again("slow_down")
        self._most_items = 1000

    def next(self, rows: Sequence[Row]) -> Step | Verdict:
        """The first line's next part; where fewer messages are left than are wanted, as many lines as fit into one."""
        row, now = rows[0], datetime.now(UTC)
        messages = parts_of(row, self._manner)
        if row.parts >= len(messages):
            return Sent()
        if self._account.kind == "subscription":
            return Waiting("only_passive")
        if self._rights.lacks(self._account.name):
            return Waiting("only_passive", "48001")
        if now < self._paused_until:
            return replace(self._pause, after_s=(self._paused_until - now).total_seconds())
        allowed = self._window(row, now)
        if allowed.room_for(1) == 0:
            return Shut("45015" if allowed.why == "closed" else "45047")
        return self._few(rows, messages, allowed) or Step(messages[row.parts], int(row.parts + 1 == len(messages)))

    async def prepare(self, row: Row, message: Outgoing) -> Outgoing:
        """With files uploaded, and choices as a menu only where that harms nobody."""
        now = datetime.now(UTC)
        match message:
            case Menu(items=items):
                permitted = now >= self._no_menus_until and len(items) <= self._most_items
                return message if permitted and bears_a_menu(self._window(row, now), now) else message.as_words
            case File(kind, attachment):
                return _held(message, await self._uploads.hold(UUID(attachment), kind))
        return message

    async def send(self, row: Row, message: Outgoing) -> Verdict:
        """One message, in another form where WeChat does not take it in the first. What got no answer is unknown."""
        if row.address is None:
            return Failed("unreadable")
        try:
            async with asyncio.timeout(SENT_WITHIN_S):
                return await self._send(row.address, message)
        except TimeoutError:
            return Unknown("no_answer")

    async def _send(self, openid: str, message: Outgoing) -> Verdict:
        for form in range(1, _FORMS + 1):
            try:
                await self._client.send(customer_service(message, openid))
            except WechatFault as fault:
                log.warning("WeChat did not take a message", account=self._account.name, fault=str(fault))
                WECHAT_FAULTS.labels(self._account.name, str(fault.errcode or fault.reason)).inc()
                other = await self._other_form(message, fault, form)
                if other is None or form == _FORMS:
                    return self._note(verdict_of(fault, message), fault)
                message = other
            else:
                return Sent()
        raise AssertionError("the last form has a verdict")

    async def _other_form(self, message: Outgoing, fault: WechatFault, form: int) -> Outgoing | None:
        """What WeChat refused was not sent: it may be said in other words at once."""
        if isinstance(message, Words) or fault.decision not in ("as_words", "upload_again", "give_up"):
            return None
        if isinstance(message, File) and fault.decision == "upload_again" and form == 1:
            return _held(message, await self._uploads.hold(UUID(message.attachment), message.kind, again=True))
        if isinstance(message, Menu) and fault.errcode == 40200:
            self._no_menus_until = datetime.now(UTC) + BELIEVED_FOR
        if isinstance(message, Menu) and fault.errcode == 45098:
            self._most_items = len(message.items) - 1
        return in_words(message)

    def _note(self, verdict: Verdict, fault: WechatFault) -> Verdict:
        """What concerns the whole account is asked once, not with every line."""
        now = datetime.now(UTC)
        if isinstance(verdict, Waiting):
            self._rights.refused(self._account.name)
        if isinstance(verdict, Again) and (pause := PAUSES.get(fault.decision)):
            self._pause, self._paused_until = verdict, now + timedelta(seconds=pause)
        return verdict

    def _few(self, rows: Sequence[Row], messages: Sequence[Outgoing], allowed: Window) -> Step | None:
        """As many lines as go into one message, where there are not enough messages for all as they are."""
        whole = untouched(rows)
        if allowed.left is None or not whole:
            return None
        wanted = len(messages) + sum(len(parts_of(row, self._manner)) - row.parts for row in rows[1:])
        if wanted <= allowed.left:
            return None
        bodies, terms = bodies_of(whole), self._manner.terms(whole)
        if batched(bodies, terms) > allowed.left:
            terms = replace(terms, cards=False)  # words go together, pictures do not
        if count := batch(bodies, terms):
            folded = fold(bodies[:count], terms)
            return Step(folded[0], count) if folded else None
        return None

    def _window(self, row: Row, now: datetime) -> Window:
        acts = {cast("Trigger", kind): Act(at, sent) for kind, (at, sent) in row.acts.items()}
        return window(acts, now, self._rule)


def _held(file: File, media_id: str | None) -> Outgoing:
    return replace(file, media_id=media_id) if media_id else file.as_words

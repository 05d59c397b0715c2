"""Sends what waits: one notice at a time per user, under a lease that ends by itself; begun once, then told or unknown.

It does not stand in the line of a conversation: it goes where no line can.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.pushes import NoticeChoice
from bot.channels.wechat.window import rule_of, window
from bot.faults import places_of
from bot.metrics import WECHAT_FAULTS
from bot.outbox.rounds import LEASE_S, Rounds
from bot.settings import WechatAccount, WechatNotice
from bot.web.wechat.notices import outcomes, statements
from bot.web.wechat.notices.filling import Unfit, filled
from bot.web.wechat.notices.outcomes import Outcome
from bot.web.wechat.notices.permissions import append
from bot.web.wechat.notices.rows import Addressee, QueuedNotice, read_notice
from bot.web.wechat.notices.talk import append_talk
from crm_adapter.encryption import Keys

log = structlog.get_logger(__name__)

DEADLINE = timedelta(hours=24)
AT_ONCE = 20
POLL_S = 2.0
SWEEP_S = 20.0


class NoticeSender(Rounds):
    """``clients`` are those that are open."""

    def __init__(
        self,
        accounts: Mapping[str, WechatAccount],
        clients: Mapping[str, WechatClient],
        engine: AsyncEngine,
        keys: Keys,
        *,
        lease_s: float = LEASE_S,
    ) -> None:
        super().__init__("notices", most=AT_ONCE, pause_s=POLL_S, lease_s=lease_s)
        self._accounts = accounts
        self._clients = clients
        self._engine = engine
        self._keys = keys
        self._swept_at = float("-inf")

    async def send_due(self) -> bool:
        """See :meth:`Rounds.send_due`."""
        free = self._room
        if free <= 0:
            return False
        now = asyncio.get_running_loop().time()
        values = {"accounts": list(self._clients), "limit": free, "lease_s": self._lease_s}
        async with self._engine.begin() as connection:
            if (abandoned := (await connection.execute(statements.ABANDONED)).rowcount) > 0:
                log.warning("nobody knows whether these notices were sent", count=abandoned)
            if abandoned or now - self._swept_at > SWEEP_S:
                await connection.execute(statements.SETTLE_WAITING, {"identity": None})
                self._swept_at = now
            claimed = (await connection.execute(statements.CLAIM, values)).all()
        for row in claimed:
            self._begin_to(self._send(read_notice(self._keys, row)))
        return len(claimed) == free

    async def _send(self, queued: QueuedNotice) -> None:
        try:
            account = self._accounts.get(queued.account)
            notice = next((one for one in account.notices if one.name == queued.name), None) if account else None
            if account is None or notice is None:
                await self._settle(queued, None, Outcome("failed", "not_configured"))
            elif (hindered := _hindered(queued, account)) is not None:
                await self._settle(queued, notice, hindered)
            elif queued.to is not None:
                await self._told(queued, notice, queued.to)
        except Exception as error:  # its lease ends by itself
            log.error("a notice could not be sent", notice=str(queued.id), fault=places_of(error))

    async def _told(self, queued: QueuedNotice, notice: WechatNotice, to: Addressee) -> None:
        try:
            fields = filled(notice, to.values)
        except Unfit as unfit:
            log.error("a notice does not fit its template", account=queued.account, field=unfit.field)
            await self._settle(queued, notice, Outcome("failed", "fields"))
            return
        begun = await self._begin(queued, notice, fields, to)
        if begun is None:
            return
        if isinstance(begun, Outcome):
            await self._settle(queued, notice, begun)
            return
        outcome = await self._ask_wechat(queued, notice, fields, to)
        await self._settle(begun, notice, outcome)

    async def _ask_wechat(
        self, queued: QueuedNotice, notice: WechatNotice, fields: Mapping[str, str], to: Addressee
    ) -> Outcome:
        client = self._clients[queued.account]
        send = client.send_template if notice.kind == "template" else client.send_notice
        try:
            return outcomes.sent(await send(to.openid, notice.template_id, fields, _target(notice)))
        except WechatFault as fault:
            outcome = outcomes.refused(fault, notice, queued.attempts)
            WECHAT_FAULTS.labels(queued.account, outcome.code or fault.reason).inc()
            say = log.error if outcome.reason in ("template", "fields", "no_right") else log.warning
            say("WeChat did not take a notice", account=queued.account, name=notice.name, fault=str(fault))
            return outcome

    async def _begin(
        self, queued: QueuedNotice, notice: WechatNotice, fields: Mapping[str, str], to: Addressee
    ) -> QueuedNotice | Outcome | None:
        """The row with its new lease; ``None`` where it is no longer ours."""
        values = {
            "id": queued.id,
            "identity": queued.identity_id,
            "lease": queued.lease,
            "lease_s": self._lease_s,
            "kind": notice.kind,
            "template": notice.template_id,
            "long_term": notice.long_term,
        }
        async with self._engine.begin() as connection:
            if notice.kind == "subscription":
                values["permission"] = (await connection.execute(statements.PERMISSION, values)).scalar_one()
                if values["permission"] is None:
                    return Outcome("failed", "no_permission")
            used_up = notice.kind == "subscription" and not notice.long_term
            begin = statements.BEGIN_TAKING if used_up else statements.BEGIN
            row = (await connection.execute(begin, values)).one_or_none()
            if row is None:
                return None
            told, key = "\n".join(fields.values()), f"notice:{queued.id}"
            await append_talk(connection, to.who, queued.account, "notice_sent", row.begun_at, told, key)
        return replace(queued, lease=row.lease_until)

    async def _settle(self, queued: QueuedNotice, notice: WechatNotice | None, outcome: Outcome) -> None:
        async def write() -> None:
            async with self._engine.begin() as connection:
                await _write(connection, queued, notice, outcome)

        await self._write(write)


async def _write(
    connection: AsyncConnection, queued: QueuedNotice, notice: WechatNotice | None, outcome: Outcome
) -> None:
    if outcome.state == "queued" and datetime.now(UTC) - queued.queued_at > DEADLINE:
        outcome = replace(outcome, state="failed")
    values: dict[str, Any] = {
        "id": queued.id,
        "lease": queued.lease,
        "state": outcome.state,
        "reason": outcome.reason,
        "code": outcome.code,
        "msg_id": outcome.msg_id,
        "spent": outcome.spent,
        "after_s": outcome.after_s,
    }
    settled = (await connection.execute(statements.SETTLE, values)).one_or_none()
    if settled is None:
        return
    if outcome.forbidden and notice is not None:
        choice = NoticeChoice(notice.template_id, accepted=False)
        await append(connection, queued.identity_id, queued.account, choice, "platform", datetime.now(UTC))
    if outcome.reason == "unreachable" and outcome.code is not None:
        unreachable = {"identity": queued.identity_id, "code": outcome.code}
        await connection.execute(statements.UNREACHABLE, unreachable)
    if settled.state in ("failed", "unneeded"):
        await connection.execute(statements.SETTLE_WAITING, {"identity": queued.identity_id})


def _hindered(queued: QueuedNotice, account: WechatAccount) -> Outcome | None:
    """Why it is not sent, known without asking WeChat."""
    if queued.to is None:
        return Outcome("failed", "unreadable")
    if queued.unreachable:
        return Outcome("failed", "unreachable")
    if queued.name == "answer_waiting" and any(act.at > queued.queued_at for act in queued.acts.values()):
        return Outcome("unneeded")  # they are back, and have it
    open_now = window(queued.acts, datetime.now(UTC), rule_of(account))
    if queued.if_closed and account.kind == "service" and open_now.room_for(1) > 0:
        return Outcome("unneeded")
    return None


def _target(notice: WechatNotice) -> dict[str, Any]:
    """What a tap opens, by WeChat's names for it in each kind."""
    target: dict[str, Any] = {}
    if notice.url is not None:
        target["url" if notice.kind == "template" else "page"] = notice.url
    if notice.miniprogram is not None:
        target["miniprogram"] = notice.miniprogram.model_dump()
    return target

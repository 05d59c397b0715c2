"""Lines that go out by WeChat's customer-service API, within its send windows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.customer_service import customer_service
from bot.channels.wechat.errors import Decision
from bot.channels.wechat.outgoing import Menu, Outgoing
from bot.channels.wechat.window import Act, Trigger, window
from bot.metrics import WECHAT_FAULTS
from bot.outbox.deliverer import Again, Failed, Sent, Unknown, Verdict, Waiting
from bot.outbox.rows import Row
from bot.settings import WechatAccount
from bot.web.wechat.replies import parts_of

log = structlog.get_logger(__name__)

NO_RIGHT_FOR = timedelta(hours=1)
"""For so long 48001 is believed; an account may be verified in the meantime."""
QUOTA_AGAIN_S = 1800.0

_AGAIN: Mapping[Decision, float | None] = {
    "retry": None,
    "slow_down": 20.0,
    "wait_for_quota": QUOTA_AGAIN_S,
    "refresh_token": None,
    "fix_settings": 60.0,
    "ignore": None,
}
_WINDOW = ("window_closed", "count_exceeded")


class CustomerService:
    """One account's :class:`~bot.outbox.deliverer.Deliverer`."""

    route = "service"

    def __init__(self, account: WechatAccount, client: WechatClient, base_url: str) -> None:
        self._account = account
        self._client = client
        self._base_url = base_url
        self._no_right_until: datetime | None = None

    def messages(self, row: Row) -> Sequence[Outgoing]:
        """See :class:`~bot.outbox.deliverer.Deliverer`."""
        return parts_of(row, self._base_url)

    def hinders(self, row: Row) -> Verdict | None:
        """A subscription account never may, and who did nothing for too long cannot be written to."""
        now = datetime.now(UTC)
        if self._account.kind == "subscription":
            return Waiting("only_passive")
        if self._no_right_until is not None and now < self._no_right_until:
            return Waiting("only_passive", "48001")
        acts = {cast("Trigger", kind): Act(at, sent) for kind, (at, sent) in row.acts.items()}
        allowed = window(acts, now)
        if allowed.room_for(1) == 0:
            return Failed("window", "45047" if allowed.why == "used_up" else "45015")
        return None

    async def send(self, row: Row, message: Any) -> Verdict:
        """One message. What got no answer is unknown, and what WeChat refused says why."""
        if row.address is None:
            return Failed("unreadable")
        words = message.as_words if isinstance(message, Menu) else message
        try:
            await self._client.send(customer_service(words, row.address))
        except WechatFault as fault:
            return self._verdict(fault)
        return Sent()

    def _verdict(self, fault: WechatFault) -> Verdict:
        code = None if fault.errcode is None else str(fault.errcode)
        log.warning("WeChat did not take a message", account=self._account.name, fault=str(fault))
        WECHAT_FAULTS.labels(self._account.name, code or fault.reason).inc()
        if fault.decision == "only_passive":
            self._no_right_until = datetime.now(UTC) + NO_RIGHT_FOR
            return Waiting("only_passive", code, fault.rid)
        if fault.decision == "outcome_unknown":
            return Unknown(fault.reason, code, fault.rid)
        if fault.decision == "done":
            return Sent()
        if fault.decision in _WINDOW:
            return Failed("window", code, fault.rid)
        if fault.decision in _AGAIN:
            return Again(fault.reason, code, _AGAIN[fault.decision], fault.rid)
        return Failed(fault.decision, code, fault.rid)

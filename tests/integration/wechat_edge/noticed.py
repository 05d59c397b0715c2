"""Notices of one process with an emulated WeChat behind it, and without a server around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from bot.channels.wechat.api import WechatClient, open_client
from bot.channels.wechat.pushes import Push
from bot.settings import WechatAccount
from bot.web.wechat.notices.sending import NoticeSender
from bot.web.wechat.noticing import Notices, accounts_with_notices
from crm_adapter.identify import IDENTIFY, Sender, identify_arguments
from tests.integration.wechat.emulator import Emulator, emulated
from tests.integration.wechat_edge.pushed import ACCOUNT, AT, Pushed

WAITING: dict[str, Any] = {
    "name": "answer_waiting",
    "kind": "subscription",
    "template_id": "S1",
    "fields": {"thing1": "您有一条新回复，回复任意内容即可查看"},
}
CHANGED: dict[str, Any] = {
    "name": "case_changed",
    "kind": "template",
    "template_id": "T1",
    "fields": {"thing1": "{case_number} {case_state}"},
    "url": "https://shop.example/cases",
}
NUMBER = {"case_number": "TS-1", "case_kind": "投诉", "case_state": "已解决"}
STATES = "SELECT name, state, reason, error_code FROM bot.wechat_notices ORDER BY queued_at, id"
CLOSED = "UPDATE bot.send_windows SET at = at - interval '49 hours' RETURNING 1"


class Noticed:
    """A user of the account, the account's notices, and who sends them."""

    def __init__(self, pushed: Pushed, emulator: Emulator, account: WechatAccount, client: WechatClient) -> None:
        self.pushed = pushed
        self.emulator = emulator
        self.client = client
        self.telling = accounts_with_notices([account])
        self.notices = self.another()[0]
        self.sender = self.another()[1]
        self.openid = ""
        self.identity_id = uuid4()

    def another(self, **settings: Any) -> tuple[Notices, NoticeSender]:
        """What a second process has."""
        engine, keys = self.pushed.engine, self.pushed.keys
        sender = NoticeSender(self.telling, {ACCOUNT: self.client}, engine, keys, **settings)
        company = self.pushed.settings.mail.sender_name
        return Notices(self.telling, engine, keys, company, sender.wake), sender

    async def user(self) -> UUID:
        """Somebody who follows and is known."""
        self.openid = await self.emulator.user("li")
        arguments = identify_arguments(self.pushed.keys, Sender("wechat", ACCOUNT, self.openid, "verified", "zh-Hans"))
        async with self.pushed.pool.connection() as connection, connection.transaction():
            row = await (await connection.execute(IDENTIFY, arguments)).fetchone()
        assert row is not None
        self.identity_id = row[0]
        return self.identity_id

    async def answers(self, answer: str, at: int = AT, *, told: bool = True, event: str = "popup") -> Push:
        """The user answers WeChat's question about S1; ``told``: WeChat knows it as well as we do."""
        if told:
            act = "consent" if event == "popup" else "consent-change"
            await self.emulator.control("POST", f"/users/li/{act}", {"templates": {"S1": answer}})
        one = {"TemplateId": "S1", "SubscribeStatusString": answer, "PopupScene": 0}
        within = {"popup": "SubscribeMsgPopupEvent", "change": "SubscribeMsgChangeEvent"}[event]
        return await self.pushed.event(
            f"subscribe_msg_{event}_event", openid=self.openid, at=at, **{within: {"List": [one]}}
        )

    async def send(self, name: Any = "answer_waiting", key: str = "k", **more: Any) -> bool:
        """Has a notice sent as another room would."""
        async with self.pushed.engine.begin() as connection:
            return await self.notices.send_notice(connection, self.identity_id, name, lambda _: NUMBER, key, **more)

    async def run(self, sender: NoticeSender | None = None) -> None:
        """Sends what is due, until nothing is under way."""
        await (sender or self.sender).send_due()
        await (sender or self.sender).settled()

    async def states(self) -> list[tuple[Any, ...]]:
        """All notices with what became of them, oldest first."""
        return await self.pushed.rows(STATES)

    async def shown(self) -> list[str]:
        """The notices on the phone."""
        lines = (await self.emulator.control("GET", "/users/li/phone"))["lines"]
        return [line["content"]["content"] for line in lines if line["how"] in ("template", "subscription")]


@asynccontextmanager
async def noticed(pushed: Pushed, folder: Path, *notices: dict[str, Any], **changes: Any) -> AsyncIterator[Noticed]:
    """With the notices, or both that there are."""
    async with emulated(folder) as emulator:
        account = emulator.account(notices=list(notices or (WAITING, CHANGED)), **changes)
        async with open_client(account) as client:
            whole = Noticed(pushed, emulator, account, client)
            await whole.user()
            yield whole

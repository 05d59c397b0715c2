"""Notices of one process with an emulated WeChat behind it, and without a server around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text as sql
from uuid_utils.compat import uuid7

from bot.channels.wechat.api import WechatClient, open_client
from bot.channels.wechat.pushes import Push
from bot.outbox.deliverer import Verdict, Waiting
from bot.outbox.rows import COLUMNS, JOINS, Row, read_row
from bot.settings import WechatAccount
from bot.storage.bodies import seal_body
from bot.web.wechat.notices.sending import NoticeSender
from bot.web.wechat.noticing import Notices, accounts_with_notices
from crm_adapter.encryption.vault import load_key
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


_CONVERSATION = """
INSERT INTO bot.conversations (id, identity_id, channel, account, locale)
SELECT :id, :identity, 'wechat', 'care', 'zh-Hans'
 WHERE NOT EXISTS (SELECT FROM bot.conversations c WHERE c.identity_id = :identity)
"""
_MESSAGE = """
INSERT INTO bot.messages (id, conversation_id, seq, direction, author, sealed_body, at)
SELECT :id, c.id, :seq, 'out', 'bot', :body, now() FROM bot.conversations c
"""
_LINE = """
INSERT INTO bot.outbox (message_id, conversation_id, seq, account, trace_id, due_at)
SELECT :id, c.id, :seq, 'care', 'trace', now() FROM bot.conversations c
"""
_WAITS = "UPDATE bot.outbox SET reason = %s, due_at = now() + interval '1 day' WHERE message_id = %s RETURNING 1"


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

    async def line(self, seq: int, text: str = "您好") -> Row:
        """A line to the user, as the outbox has it when it cannot be sent."""
        async with self.pushed.engine.begin() as connection:
            key_id = await connection.scalar(sql("SELECT key_id FROM crm.identities"))
            key = await load_key(connection, self.pushed.keys, key_id)
            number = uuid7()
            values = {
                "id": number,
                "identity": self.identity_id,
                "seq": seq,
                "body": seal_body(key, number, {"text": text}),
            }
            await connection.execute(sql(_CONVERSATION), values)
            await connection.execute(sql(_MESSAGE), values)
            await connection.execute(sql(_LINE), values)
        [columns] = await self.pushed.rows(f"SELECT {COLUMNS} FROM bot.outbox o {JOINS} WHERE o.seq = %s", seq)
        return read_row(self.pushed.keys, columns)

    async def offer(self, row: Row, notices: Notices | None = None) -> Verdict | None:
        """As the outbox asks; what it is answered is written down for the line."""
        verdict = await (notices or self.notices).offer(row)
        if isinstance(verdict, Waiting):
            await self.pushed.rows(_WAITS, verdict.reason, row.message_id)
        return verdict

    async def lines(self) -> list[tuple[Any, ...]]:
        """All lines with what became of them."""
        return await self.pushed.rows("SELECT state, reason, error_code FROM bot.outbox ORDER BY seq")

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

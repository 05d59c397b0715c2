"""What goes out as a notice: where a line cannot be sent, that it waits; and what other rooms have to tell."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from bot.outbox.deliverer import Verdict, Waiting
from bot.outbox.rows import Row
from bot.settings import Locale, Occasion, WechatAccount, WechatNotice
from bot.web.wechat.notices.filling import Unfit, filled, moment
from bot.web.wechat.notices.rows import PLACE
from crm_adapter.encryption import DataKey, KeyringFault, Keys, SealBroken, seal_json

log = structlog.get_logger(__name__)

OFFERED_WITHIN_S = 10.0
WAITS = "notice"
"""The reason of a line that waits for the customer, who has been told, or is about to be."""

_ADDRESS = text("SELECT channel, account, locale FROM crm.address_of(:identity)")
_HOLD = text("SELECT key_id, kek, wrapped FROM crm.hold_identity(:identity)")
_PERMISSION = text("SELECT bot.notice_permission(:identity, :template, :long_term)")
_TOLD = text(
    "SELECT 1 FROM bot.wechat_notices n WHERE n.identity_id = :identity AND n.account = :account"
    " AND n.state IN ('queued', 'begun', 'sent', 'unknown') AND n.queued_at > bot.last_act(:identity) LIMIT 1"
)
_PURPOSE = text("SELECT purpose FROM bot.outbox WHERE message_id = :message")
_KEY = text("SELECT 'answer_waiting:' || bot.last_act(:identity)::text")
_QUEUE = text(
    "INSERT INTO bot.wechat_notices (id, identity_id, account, name, key, sealed_values, if_closed)"
    " VALUES (:id, :identity, :account, :name, :key, :values, :if_closed) ON CONFLICT (identity_id, key) DO NOTHING"
)
_KNOWN = text("SELECT 1 FROM bot.wechat_notices WHERE identity_id = :identity AND key = :key")


@dataclass(frozen=True, slots=True)
class Notices:
    """Those of all official accounts; ``wake`` has the sender look at once. What is queued is sent by whichever process
    has the account open: once, or it is marked unknown."""

    accounts: Mapping[str, WechatAccount]
    engine: AsyncEngine
    keys: Keys
    company: Mapping[Locale, str]
    wake: Callable[[], None]

    async def offer(self, row: Row) -> Verdict | None:
        """The line waits for the customer, who is told once that there is something to read, until they come back.

        ``None`` where the account has no such notice, the customer did not allow one, the line advertises, telling
        them has failed since they were here last, or the store is away.
        """
        notice = self._notice(row.account, "answer_waiting")
        try:
            async with asyncio.timeout(OFFERED_WITHIN_S), self.engine.begin() as connection:
                purpose = (await connection.execute(_PURPOSE, {"message": row.message_id})).scalar()
                if purpose != "service":  # WeChat forbids to advertise by a notice
                    return None
                if await self._told(connection, row):
                    return Waiting(WAITS)
                if notice is None:
                    return None
                key = (await connection.execute(_KEY, {"identity": row.identity_id})).scalar_one()
                values = {"time": moment(row.queued_at), "company": self._company(row.locale)}
                queued = await self._queue(connection, row.identity_id, notice, row.account, values, key, False)
                if not queued and not await self._told(connection, row):  # nor by another process, just now
                    return None
        except (SQLAlchemyError, TimeoutError) as error:
            log.warning("a notice could not be queued", account=row.account, reason=type(error).__name__)
            return None
        self.wake()
        return Waiting(WAITS)

    async def send_notice(
        self,
        connection: AsyncConnection,
        identity_id: UUID,
        name: Occasion,
        values: Callable[[str], Mapping[str, str]],
        idempotency_key: str,
        *,
        if_closed: bool = False,
    ) -> bool:
        """Has the notice sent once the caller's transaction is committed, once per identity and ``idempotency_key``.

        ``values`` are asked for in the customer's language; ``company`` and ``time`` are added. With ``if_closed``
        it is sent only if no message can be when its turn comes. False where it is nobody of an official account, the
        account has no such notice, or the user does not allow it.
        """
        found = (await connection.execute(_ADDRESS, {"identity": identity_id})).one_or_none()
        if found is None or found.channel != "wechat":
            return False
        notice = self._notice(found.account, name)
        if notice is None:
            return False
        known = {"identity": identity_id, "key": idempotency_key}
        if (await connection.execute(_KNOWN, known)).first() is not None:
            return True
        always = {"time": moment(datetime.now(UTC)), "company": self._company(found.locale)}
        given = {**always, **values(found.locale)}
        return await self._queue(connection, identity_id, notice, found.account, given, idempotency_key, if_closed)

    def _company(self, locale: str) -> str:
        return next((name for known, name in self.company.items() if known == locale), self.company["zh-Hans"])

    async def _told(self, connection: AsyncConnection, row: Row) -> bool:
        here = {"identity": row.identity_id, "account": row.account}
        return (await connection.execute(_TOLD, here)).first() is not None

    def _notice(self, account: str, name: Occasion) -> WechatNotice | None:
        settings = self.accounts.get(account)
        return settings.notice(name) if settings is not None else None

    async def _queue(
        self,
        connection: AsyncConnection,
        identity_id: UUID,
        notice: WechatNotice,
        account: str,
        values: Mapping[str, str],
        key: str,
        if_closed: bool,
    ) -> bool:
        """Whether it is queued now, and was not before."""
        try:
            filled(notice, values)
        except Unfit as unfit:
            log.error("a notice does not fit its template", account=account, notice=notice.name, field=unfit.field)
            return False
        if notice.kind == "subscription" and not await self._allowed(connection, identity_id, notice):
            return False
        sealing = await self._key(connection, identity_id)
        if sealing is None:
            return False
        number = uuid7()
        row: dict[str, Any] = {
            "id": number,
            "identity": identity_id,
            "account": account,
            "name": notice.name,
            "key": key,
            "values": seal_json(sealing, PLACE, number, dict(values)),
            "if_closed": if_closed,
        }
        return bool((await connection.execute(_QUEUE, row)).rowcount)

    async def _allowed(self, connection: AsyncConnection, identity_id: UUID, notice: WechatNotice) -> bool:
        asked = {"identity": identity_id, "template": notice.template_id, "long_term": notice.long_term}
        return (await connection.execute(_PERMISSION, asked)).scalar_one() is not None

    async def _key(self, connection: AsyncConnection, identity_id: UUID) -> DataKey | None:
        """The identity's, which is held against an erasure until the transaction ends."""
        row = (await connection.execute(_HOLD, {"identity": identity_id})).one_or_none()
        if row is None or row.wrapped is None:
            return None
        try:
            return self.keys.unwrap(row.key_id, row.kek, row.wrapped)
        except (SealBroken, KeyringFault):
            return None


def accounts_with_notices(accounts: Iterable[WechatAccount]) -> dict[str, WechatAccount]:
    """By name, those that have any."""
    return {account.name: account for account in accounts if account.notices}

"""One person on several accounts of one Open Platform: WeChat tells by the unionid, which is asked for once.

A unionid is kept as one more identity of the contact, verified, sealed and found by its blind index like any other. So
the port's own rule for what is proven on both sides makes one customer of two, whoever comes first.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.api import WechatClient, WechatFault
from crm_adapter.port import UnknownRecord
from crm_adapter.records.customers import Provenance
from crm_adapter.sql_store import SqlStore

log = structlog.get_logger(__name__)

CHANNEL = "wechat"
SOURCE = "wechat_unionid"
AGAIN_AFTER = timedelta(days=1)
"""For so long it is believed that WeChat has no unionid for somebody: the account may be bound in the meantime."""
_ASKED = text("""
SELECT 1 FROM bot.wechat_unionids WHERE identity_id = :identity AND (found OR asked_at > :since)
""")
_NOTE = text("""
INSERT INTO bot.wechat_unionids (identity_id, asked_at, found) VALUES (:identity, :now, :found)
ON CONFLICT (identity_id) DO UPDATE SET asked_at = excluded.asked_at, found = excluded.found
""")


def platform_account(platform: str) -> str:
    """The account under which the unionids of an Open Platform stand; no channel can have that name."""
    return f"open:{platform}"


class Unionids:
    """Those of one Open Platform."""

    def __init__(self, platform: str, engine: AsyncEngine, crm: SqlStore) -> None:
        self._account = platform_account(platform)
        self._engine = engine
        self._crm = crm

    async def learn(self, client: WechatClient, account: str, identity_id: UUID, openid: str) -> bool:
        """Asks WeChat once who a user is, and links what it says; false where it may have more to say another day.

        Raises :class:`~bot.channels.wechat.api.WechatFault`, :class:`~crm_adapter.port.CrmFault` and what an absent
        database raises; then nothing was written, and it may be tried again.
        """
        if await self._is_known(identity_id):
            return True
        unionid = await _unionid(client, openid)
        if unionid is None:
            log.warning("WeChat tells no unionid", account=account, identity=str(identity_id))
        now = datetime.now(UTC)
        async with self._engine.begin() as connection:
            crm = self._crm.within(connection)
            contact_id = await crm.find_by_identity(CHANNEL, account, openid)
            if contact_id is None:
                return True  # erased while we asked
            if unionid is not None:
                told = Provenance(SOURCE, f"system:{SOURCE}", now, "verified")
                try:
                    # Holds the contact, so that an erasure finds the row below, or we find nobody.
                    linked = await crm.link_identity(
                        contact_id, CHANNEL, self._account, unionid, "verified", told, reachable=False
                    )
                except UnknownRecord:
                    return True
                log.info("unionid.linked", identity=str(identity_id), outcome=type(linked).__name__)
            values = {"identity": identity_id, "now": now, "found": unionid is not None}
            await connection.execute(_NOTE, values)
        return unionid is not None

    async def _is_known(self, identity_id: UUID) -> bool:
        since = datetime.now(UTC) - AGAIN_AFTER
        async with self._engine.connect() as connection:
            found = await connection.execute(_ASKED, {"identity": identity_id, "since": since})
            return found.first() is not None


async def _unionid(client: WechatClient, openid: str) -> str | None:
    """``None`` also for one whom the account does not know."""
    try:
        return (await client.user(openid)).unionid
    except WechatFault as fault:
        if fault.decision != "unreachable":
            raise
        return None

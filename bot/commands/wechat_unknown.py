"""``yingda wechat unknown``: what WeChat has pushed that nobody understands, as it came."""

import argparse
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.commands.reader import log_read
from bot.commands.store import open_sealed_store
from bot.commands.wechat_accounts import locale_of
from bot.web.wechat.events import PLACE
from crm_adapter.encryption.opening import opener_for
from crm_adapter.rights.working_days import ZONE

MOST = 200
_NONE = {
    "zh-Hans": "没有无法识别的推送。",
    "zh-Hant": "沒有無法辨識的推送。",
    "en": "Nothing came that nobody understands.",
}
_KEPT = text(
    "SELECT e.id, e.account, e.kind, e.received_at, e.sealed_raw, a.contact_id FROM bot.channel_events e"
    " LEFT JOIN LATERAL crm.address_of(crm.find_identity(e.subject)) a ON true"
    " WHERE e.sealed_raw IS NOT NULL AND e.received_at >= :since ORDER BY e.received_at DESC LIMIT :most"
)


async def list_unknown(args: argparse.Namespace) -> int:
    """The newest, their text below each; who reads it stands in the access log with whom it is about. 0."""
    since = datetime.now(UTC) - timedelta(days=args.days)
    async with open_sealed_store(args) as (engine, keys):
        async with engine.connect() as connection:
            rows = (await connection.execute(_KEPT, {"since": since, "most": MOST})).all()
            opener = await opener_for(connection, keys, (row.sealed_raw for row in rows))
        if not rows:
            print(_NONE[locale_of(args)])
            return 0
        about = {row.contact_id for row in rows if row.contact_id is not None}
        await log_read(engine, keys, "wechat unknown", "channel_events", about)
    for row in rows:
        print(f"{row.received_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}  {row.account}  {row.kind}")
        print(opener.text(PLACE, row.id, row.sealed_raw) or "…")
    return 0

"""How each official account does: its access token, its pushes, and the lines that it is to send."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.channels.wechat.errors import ApiError
from bot.checkup.part import Part
from bot.desk.outcomes import explain
from bot.faults import StartFault
from bot.settings import LOCALES, Locale, Settings, WechatAccount
from bot.storage.keyring import open_keys
from crm_adapter.rights.working_days import ZONE

if TYPE_CHECKING:
    from bot.channels.wechat.api.faults import Reason

WITHIN_S = 5.0
STUCK_AFTER = timedelta(minutes=10)
"""A line that should have gone out so long ago waits for a person's eye."""
_DAY_S = 86_400
_PASSING = ("not_reached", "no_answer", "status", "unreadable")
"""What ends by itself as a rule; the token before may still be good."""

_READ = text("""
SELECT t.taken_at, t.expires_at, t.failed_at, t.fault, t.error_code, t.rid, p.pushed_at, p.refused_at, p.refusal,
       w.waiting, w.since, w.held, u.failed, u.unknown, e.state, e.reason, e.error_code AS last_code, e.rid AS last_rid
  FROM (VALUES (CAST(:account AS text), CAST(:appid AS text))) AS a(account, appid)
  LEFT JOIN bot.wechat_tokens t ON t.appid = a.appid
  LEFT JOIN bot.wechat_pushes p ON p.account = a.account
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE o.due_at < 'infinity') AS waiting,
              min(o.queued_at) FILTER (WHERE o.due_at < 'infinity') AS since,
              count(*) FILTER (WHERE o.due_at = 'infinity') AS held
         FROM bot.outbox o
        WHERE o.account = a.account AND o.state IN ('queued', 'begun') AND o.due_at IS NOT NULL) w
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE o.state = 'failed') AS failed,
              count(*) FILTER (WHERE o.state = 'unknown') AS unknown
         FROM bot.outbox o
        WHERE o.account = a.account AND o.state IN ('failed', 'unknown') AND o.due_at IS NOT NULL
          AND o.settled_at > now() - :seconds * interval '1 second') u
  LEFT JOIN LATERAL (
       SELECT o.state, o.reason, o.error_code, o.rid FROM bot.outbox o
        WHERE o.account = a.account AND o.state IN ('failed', 'unknown') AND o.due_at IS NOT NULL
          AND o.settled_at > now() - :seconds * interval '1 second'
        ORDER BY o.settled_at DESC LIMIT 1) e ON true
""")


async def check_wechat(settings: Settings, engine: AsyncEngine) -> list[Part]:
    """One part per account; nothing when there is none, or the store cannot be asked, which another part tells."""
    if not settings.wechat:
        return []
    try:
        async with asyncio.timeout(WITHIN_S), engine.connect() as connection:
            parts = [await _check(connection, account) for account in settings.wechat]
    except (SQLAlchemyError, psycopg.Error, TimeoutError, OSError):
        return []
    waiting, aside = await asyncio.to_thread(_spooled, settings)
    size = -(-waiting // 1024)
    if aside:
        parts.append(Part("spool", "warning", "spool_aside", {"size": size, "count": aside}))
    elif waiting:
        parts.append(Part("spool", "warning", "spool_waits", {"size": size}))
    return parts


async def _check(connection: AsyncConnection, account: WechatAccount) -> Part:
    values = {"account": account.name, "appid": account.appid, "seconds": _DAY_S}
    row = (await connection.execute(_READ, values)).one()
    name = f"wechat:{account.name}"
    known: dict[str, object] = {"rest": _rest(row)}
    if row.failed_at is not None:
        known |= {"since": _moment(row.failed_at), "why": _token_fault(row.fault, row.error_code, row.rid)}
        return Part(name, "warning" if row.fault in _PASSING else "failed", "wechat_token", known)
    if row.refused_at is not None and (row.pushed_at is None or row.refused_at > row.pushed_at):
        return Part(name, "warning", "wechat_refuses", known | {"at": _moment(row.refused_at), "refusal": row.refusal})
    if row.waiting and row.since < datetime.now(UTC) - STUCK_AFTER:
        return Part(name, "warning", "wechat_stuck", known | {"since": _moment(row.since)})
    return Part(name, "ok", "wechat_ok", known)


def _rest(row: Any) -> Mapping[Locale, str]:
    """Token, pushes and lines in each language."""
    values = {
        "taken": _moment(row.taken_at),
        "until": _moment(row.expires_at),
        "pushed": _moment(row.pushed_at),
        "waiting": row.waiting,
        "held": row.held,
        "failed": row.failed,
        "unknown": row.unknown,
    }
    told: dict[Locale, str] = {}
    last = None if row.state is None else _why(row.state, row.reason, row.last_code, row.last_rid)
    for locale in LOCALES:
        told[locale] = Part("wechat", "ok", "wechat_rest", values).words(locale)[0]
        if last is not None:
            told[locale] += Part("wechat", "ok", "wechat_last", {"why": last}).words(locale)[0]
    return told


def _token_fault(reason: "Reason", code: str | None, rid: str | None) -> Mapping[Locale, str]:
    from bot.channels.wechat.api.faults import WechatFault  # only who has an official account pays for it

    fault = WechatFault("", reason, "fix_settings", ApiError(None if code is None else int(code)))
    return {locale: fault.explain(locale) + _found(code, rid) for locale in LOCALES}


def _why(state: str, reason: str | None, code: str | None, rid: str | None) -> Mapping[Locale, str]:
    """What WeChat said, with its number and the id that its support asks for."""
    return {locale: f"{explain('wechat', state, reason, code, locale)}{_found(code, rid)}" for locale in LOCALES}


def _found(code: str | None, rid: str | None) -> str:
    found = " · ".join(filter(None, (code, rid and f"rid {rid}")))
    return f" ({found})" if found else ""


def _moment(at: datetime | None) -> str:
    return "—" if at is None else f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


def _spooled(settings: Settings) -> tuple[int, int]:
    """Bytes on disk that wait, and files that are tried no more."""
    folder = settings.var_dir / "spool"
    if not folder.is_dir() or not any(folder.iterdir()):
        return 0, 0
    from bot.spool.aside import find_aside  # whoever has nothing put aside does not load it

    try:
        aside = find_aside(folder, open_keys(settings))
    except StartFault:  # another part tells that the keyring is gone
        aside = []
    waiting = 0
    for file in set(folder.iterdir()).difference(aside):
        with suppress(FileNotFoundError):
            waiting += file.stat().st_size
    return waiting, len(aside)

"""Delivering one message: begun in the database before the first byte goes out, settled after the answer.

A job that was killed in between is run again by the job engine, finds its message begun, and calls it ``unknown``.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from psycopg.rows import dict_row

from bot.outgoing.gateway import DELIVER
from bot.outgoing.result import Begin, Letter, Result
from bot.outgoing.sms import send_sms
from bot.outgoing.texts import Written
from bot.settings import Settings
from bot.storage.pool import Pool
from crm_adapter.encryption import EncryptionFault, Keys, SealBroken, unseal_json

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 6
FIRST_WAIT_S = 15

_FIND = """
SELECT m.*, m.expires_at < now() AS expired, k.kek, k.wrapped
  FROM bot.outgoing_messages m LEFT JOIN vault.data_keys k ON k.id = m.key_id
 WHERE m.id = %s
"""
_BEGIN = "UPDATE bot.outgoing_messages SET state = 'begun', begun_at = now() WHERE id = %s AND state = 'queued'"
# A result that comes after its message was called unknown is still the better news.
_SETTLE = """
UPDATE bot.outgoing_messages
   SET state = %s, reason = %s, provider_id = %s, attempts = attempts + 1, settled_at = now()
 WHERE id = %s AND state IN ('queued', 'begun', 'unknown')
"""
_AGAIN = """
UPDATE bot.outgoing_messages SET state = 'queued', reason = %s, begun_at = NULL, attempts = attempts + 1
 WHERE id = %s AND state IN ('queued', 'begun')
"""
_DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', %s, 0, %s, NULL,
       jsonb_build_object('message_id', %s::text), now() + %s)::procrastinate_job_to_defer_v1])
"""


class AlreadyBegun(Exception):
    """Another delivery had begun this message in the meantime."""


async def deliver(settings: Settings, keys: Keys, pool: Pool, message_id: UUID) -> None:
    """Sends the message unless it was begun before; every outcome is in its row when this returns."""
    async with pool.connection() as connection:
        row = await (await connection.cursor(row_factory=dict_row).execute(_FIND, (message_id,))).fetchone()
    if row is None or row["state"] not in ("queued", "begun"):
        return
    if row["state"] == "begun":
        await _settle(pool, row, Result("unknown", "broken_off"))
        return
    configured = settings.mail.configured if row["kind"] == "mail" else settings.sms.configured
    if not configured:
        await _settle(pool, row, Result("failed", "no_provider"), state="shown")
    elif row["expired"]:
        await _settle(pool, row, Result("failed", "expired"))
    else:
        try:
            await _settle(pool, row, await _send(settings, keys, pool, row))
        except AlreadyBegun:
            return


async def _send(settings: Settings, keys: Keys, pool: Pool, row: dict[str, Any]) -> Result:
    if row["wrapped"] is None:
        return Result("failed", "erased")
    try:
        letter = open_letter(keys, row)
    except SealBroken:
        return Result("failed", "seal_broken")
    except EncryptionFault:
        return Result("again", "keyring")
    begin = _begin(pool, row["id"])
    if row["kind"] == "mail":
        from bot.outgoing.mail import send_mail  # only who sends mail needs a client for it

        return await send_mail(settings.mail, _sender_name(settings, letter), letter, begin)
    return await send_sms(settings.sms, letter, begin)


def open_letter(keys: Keys, row: dict[str, Any]) -> Letter:
    """The message in the clear; ``row`` has its data key as ``kek`` and ``wrapped``."""
    key, number = keys.unwrap(row["key_id"], row["kek"], row["wrapped"]), row["id"]
    body = unseal_json(key, "outgoing_messages.body", number, row["sealed_body"])
    subject = unseal_json(key, "outgoing_messages.subject", number, row["sealed_subject"])
    recipient = unseal_json(key, "outgoing_messages.recipient", number, row["sealed_recipient"])
    return Letter(str(number), recipient, Written(subject, body["text"]), body["code"])


def _begin(pool: Pool, message_id: UUID) -> Begin:
    async def begin() -> None:
        async with pool.connection() as connection:
            if (await connection.execute(_BEGIN, (message_id,))).rowcount != 1:
                raise AlreadyBegun

    return begin


async def _settle(pool: Pool, row: dict[str, Any], result: Result, *, state: str | None = None) -> None:
    number, attempts = row["id"], row["attempts"] + 1
    if result.state == "again" and attempts >= MOST_ATTEMPTS:
        result = Result("failed", result.reason)
    async with pool.connection() as connection, connection.transaction():
        if result.state == "again":
            wait = timedelta(seconds=FIRST_WAIT_S * 4 ** (attempts - 1))
            await connection.execute(_AGAIN, (result.reason, number))
            await connection.execute(_DEFER, (DELIVER, f"outgoing:{number}", str(number), wait))
        else:
            await connection.execute(_SETTLE, (state or result.state, result.reason, result.provider_id, number))
    log.info(
        "outgoing.settled",
        message=str(number),
        kind=row["kind"],
        purpose=row["purpose"],
        state=state or result.state,
        reason=result.reason,
        attempts=attempts,
    )


def _sender_name(settings: Settings, letter: Letter) -> str:
    """The name in the language of the text, which names its sender; an alert names none."""
    names = settings.mail.sender_name
    named = (name for name in names.values() if name in letter.written.text)
    return next(named, next(iter(names.values())))

"""Where the processes share an account's access token: one row, sealed, and one lock over all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from bot.channels.wechat.api.faults import WechatFault
from crm_adapter.encryption import DataKey, EncryptionFault, Keys, SealBroken, seal_json, unseal_json
from crm_adapter.encryption.vault import house_key

log = structlog.get_logger(__name__)

FORCED_A_DAY, FORCED_APART_S = 20, 30.0
"""WeChat's limits of demanding a new token while the old one runs."""
_PLACE = "wechat_tokens.token"
# All times are the database's: the processes' clocks may differ. WeChat counts days in Beijing.
_LOCK = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('statement_timeout', :wait, true),"
    " set_config('idle_in_transaction_session_timeout', :wait, true)"
)
_TAKE_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('wechat token ' || :appid, 0))")
_MAKE = text("INSERT INTO bot.wechat_tokens (appid, id) VALUES (:appid, :id) ON CONFLICT (appid) DO NOTHING")
_READ = text(
    "SELECT id, sealed_token, extract(epoch FROM clock_timestamp() - taken_at)::float8 AS age_s,"
    " extract(epoch FROM expires_at - clock_timestamp())::float8 AS left_s,"
    " extract(epoch FROM clock_timestamp() - forced_at)::float8 AS since_forced_s, forced_on, forced,"
    " (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date AS today"
    " FROM bot.wechat_tokens WHERE appid = :appid"
)
_KEEP = text(
    "UPDATE bot.wechat_tokens SET sealed_token = :sealed, taken_at = statement_timestamp(),"
    " expires_at = statement_timestamp() + make_interval(secs => :seconds),"
    " failed_at = NULL, fault = NULL, error_code = NULL, rid = NULL WHERE appid = :appid"
)
_FAILED = text(
    "UPDATE bot.wechat_tokens SET failed_at = coalesce(failed_at, clock_timestamp()), fault = :fault,"
    " error_code = coalesce(:code, error_code), rid = coalesce(:rid, rid) WHERE appid = :appid"
)
_WELL = text(
    "UPDATE bot.wechat_tokens SET failed_at = NULL, fault = NULL, error_code = NULL, rid = NULL WHERE appid = :appid"
)
_FORCE = text(
    "UPDATE bot.wechat_tokens SET forced_at = clock_timestamp(), forced_on = :today, forced = :forced"
    " WHERE appid = :appid"
)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token that is good for ``left_s`` more; got ``age_s`` ago."""

    value: str
    left_s: float
    age_s: float = 0.0

    def __repr__(self) -> str:
        return f"Token(left_s={self.left_s:.0f})"


@dataclass(frozen=True, slots=True)
class _Forced:
    today: date
    number: int
    since_s: float | None


class Slot:
    """What is kept of one account, for as long as this process alone may change it."""

    def __init__(self, connection: AsyncConnection, key: DataKey, appid: str) -> None:
        self._connection = connection
        self._key = key
        self._appid = appid
        self.kept: Token | None = None
        """The token; ``None`` where there is none, or none that can be read."""

    async def load(self) -> None:
        """Reads the row."""
        await self._connection.execute(_MAKE, {"appid": self._appid, "id": uuid7()})
        row = (await self._connection.execute(_READ, {"appid": self._appid})).one()
        self._id = row.id
        number = row.forced if row.forced_on == row.today else 0
        self._forced = _Forced(row.today, number, row.since_forced_s)
        if row.sealed_token is not None:
            try:
                value = str(unseal_json(self._key, _PLACE, row.id, row.sealed_token))
            except SealBroken:
                return
            self.kept = Token(value, row.left_s, row.age_s)

    async def keep(self, token: Token) -> None:
        """From now on this is the token of all processes."""
        sealed = seal_json(self._key, _PLACE, self._id, token.value)
        await self._connection.execute(_KEEP, {"appid": self._appid, "sealed": sealed, "seconds": token.left_s})

    async def fail(self, fault: WechatFault) -> None:
        """Writes down why there is none, for those who look after the system."""
        await self._connection.execute(_FAILED, _failure(self._appid, fault))

    @property
    def may_force(self) -> bool:
        """Whether WeChat would take one more demand now."""
        forced = self._forced
        return forced.number < FORCED_A_DAY and (forced.since_s is None or forced.since_s >= FORCED_APART_S)

    async def count_forced(self) -> None:
        """Writes down that a new token is being demanded."""
        changed = {"appid": self._appid, "today": self._forced.today, "forced": self._forced.number + 1}
        await self._connection.execute(_FORCE, changed)


class TokenStore:
    """The row of one account in PostgreSQL."""

    def __init__(self, engine: AsyncEngine, keys: Keys, appid: str) -> None:
        self._engine = engine
        self._keys = keys
        self._appid = appid

    async def note(self, fault: WechatFault | None) -> None:
        """Writes down that a fresh token is refused too, or is not any more; a store that is away is told nothing."""
        try:
            async with self._engine.begin() as connection:
                if fault is None:
                    await connection.execute(_WELL, {"appid": self._appid})
                else:
                    await connection.execute(_FAILED, _failure(self._appid, fault))
        except (SQLAlchemyError, OSError) as error:
            log.warning("the state of a token cannot be written", reason=type(error).__name__)

    @asynccontextmanager
    async def locked(self, hold_s: float) -> AsyncIterator[Slot]:
        """The account's slot, for one process at a time and for at most ``hold_s``; what was kept stands afterwards.

        Raises :class:`WechatFault` ``store_away`` when the database is away or the lock is not had in that time.
        """
        wait = f"{(hold_s + 1) * 1000:.0f}"
        try:
            async with self._engine.begin() as connection:
                await connection.execute(_LOCK, {"wait": wait})
                await connection.execute(_TAKE_LOCK, {"appid": self._appid})
                slot = Slot(connection, await house_key(connection, self._keys), self._appid)
                await slot.load()
                yield slot
        except (SQLAlchemyError, EncryptionFault, OSError):
            raise WechatFault("token store", "store_away", "retry") from None


def _failure(appid: str, fault: WechatFault) -> dict[str, str | None]:
    code = None if fault.errcode is None else str(fault.errcode)
    return {"appid": appid, "fault": fault.reason, "code": code, "rid": fault.rid}

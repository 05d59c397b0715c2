"""Lock-out: failed sign-ins counted in the database, per name and per address, over every process.

An attempt is written down as failed before its password is looked at and struck out when it was right. Counting
afterwards would let a hundred guesses sent at once all pass before the first is counted. The caller keeps few
attempts open at a time (a slot of ``Passwords``), so that honest ones at once do not count each other out.

A name that does not exist is counted like any other; only its hash is kept, because people type passwords into
the wrong field.
"""

import hashlib
from datetime import timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from bot.domain.network import network_of
from bot.staff.errors import LockedOut
from bot.staff.names import fold
from bot.staff.rules import StaffRules
from bot.staff.tables import sign_in_failures

# Always the name's lock first and then the address's, one of each: no two attempts can wait for each other.
_LOCK = text("SELECT pg_advisory_xact_lock(:room, hashtext(:key))")
_NAMES, _ADDRESSES = 0x7374_0001, 0x7374_0002


async def begin_attempt(engine: AsyncEngine, rules: StaffRules, name: str, address: str) -> UUID:
    """Count one more try at a name from an address. Raises :class:`LockedOut` when there were too many.

    What is refused is not counted, so a lock ends ``failure_window`` after the failures that caused it.
    """
    name_hash, place = _name_hash(name), network_of(address)
    async with engine.begin() as connection:
        await connection.execute(_LOCK, {"room": _NAMES, "key": name_hash.hex()})
        await connection.execute(_LOCK, {"room": _ADDRESSES, "key": place})
        waits = [
            await _wait(connection, rules, sign_in_failures.c.name_hash == name_hash, rules.failures_per_name),
            await _wait(connection, rules, sign_in_failures.c.address == place, rules.failures_per_address),
        ]
        if any(waits):
            raise LockedOut(max(waits))
        await connection.execute(
            delete(sign_in_failures).where(sign_in_failures.c.at < func.clock_timestamp() - 2 * rules.failure_window)
        )
        attempt = uuid7()
        await connection.execute(sign_in_failures.insert().values(id=attempt, name_hash=name_hash, address=place))
    return attempt


async def forgive(connection: AsyncConnection, name: str) -> None:
    """A right password wipes out what failed at this name, wherever it was tried."""
    await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.name_hash == _name_hash(name)))


async def strike_out(engine: AsyncEngine, attempt: UUID) -> None:
    """The attempt did not come to a verdict (a fault of ours): it counts for nothing."""
    async with engine.begin() as connection:
        await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.id == attempt))


async def _wait(connection: AsyncConnection, rules: StaffRules, whose: ColumnElement[bool], allowed: int) -> int:
    """Seconds until one more try is allowed; 0 when it is."""
    now = func.clock_timestamp()
    query = (
        select(sign_in_failures.c.at, now)
        .where(whose, sign_in_failures.c.at > now - rules.failure_window)
        .order_by(sign_in_failures.c.at.desc())
        .offset(allowed - 1)
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return 0
    oldest_that_counts, at = row
    left: timedelta = oldest_that_counts + rules.failure_window - at
    return max(1, ceil(left.total_seconds()))


def _name_hash(name: str) -> bytes:
    return hashlib.sha256(fold(name).encode("utf-8", "surrogatepass")).digest()

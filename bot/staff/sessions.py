"""Sessions of signed-in staff: an opaque token in a cookie, its hash in the store, ended at any time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.staff.accounts import COLUMNS, Staff, account
from bot.staff.rules import StaffRules
from bot.staff.tables import staff, staff_sessions
from bot.staff.tokens import digest, new_token

_USER_AGENT_LENGTH = 300
# Writing the time of every request would make each read a write; a minute is near enough for an idle limit of hours.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A live session and whose it is."""

    id: UUID
    staff: Staff


@dataclass(frozen=True, slots=True)
class SessionInfo:
    id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str


async def open_session(
    connection: AsyncConnection, rules: StaffRules, staff_id: UUID, user_agent: str
) -> tuple[UUID, str]:
    """A new session: its id and its token, which is told this once and stored as a hash."""
    session_id, token = uuid7(), new_token()
    await connection.execute(
        staff_sessions.insert().values(
            id=session_id,
            staff_id=staff_id,
            token_hash=digest(token),
            expires_at=func.now() + rules.session_whole,
            user_agent=_storable(user_agent),
        )
    )
    return session_id, token


def _storable(header: str) -> str:
    # A header may hold any bytes; those that are no text arrive as lone surrogates, which PostgreSQL refuses.
    text = header.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return text[:_USER_AGENT_LENGTH]


async def find_session(connection: AsyncConnection, rules: StaffRules, token: str) -> Session | None:
    """The live session of a token; ``None`` when it is unknown, revoked, expired, idle too long, or its owner
    is switched off. Finding it counts as use."""
    query = (
        select(
            staff_sessions.c.id.label("session_id"),
            (staff_sessions.c.last_seen_at < func.now() - _SEEN_EVERY).label("seen_long_ago"),
            *COLUMNS,
        )
        .join(staff, staff.c.id == staff_sessions.c.staff_id)
        .where(staff_sessions.c.token_hash == digest(token), _is_live(rules), staff.c.active)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    if row.seen_long_ago:
        seen = update(staff_sessions).where(staff_sessions.c.id == row.session_id)
        await connection.execute(seen.values(last_seen_at=func.now()))
    return Session(row.session_id, account(row))


async def list_sessions(connection: AsyncConnection, rules: StaffRules, staff_id: UUID) -> list[SessionInfo]:
    """An account's live sessions, newest first, 200 at most."""
    query = (
        select(
            staff_sessions.c.id,
            staff_sessions.c.created_at,
            staff_sessions.c.last_seen_at,
            staff_sessions.c.user_agent,
        )
        .where(staff_sessions.c.staff_id == staff_id, _is_live(rules))
        .order_by(staff_sessions.c.id.desc())
        .limit(200)
    )
    return [SessionInfo(*row) for row in await connection.execute(query)]


async def end_session(connection: AsyncConnection, staff_id: UUID, session_id: UUID) -> bool:
    """End one session of this account; false when it has no such live session."""
    ended = (
        update(staff_sessions)
        .where(
            staff_sessions.c.id == session_id,
            staff_sessions.c.staff_id == staff_id,
            staff_sessions.c.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )
    return (await connection.execute(ended)).rowcount == 1


async def end_session_of(connection: AsyncConnection, token: str) -> None:
    """End the session a browser still holds, if any: signing in again replaces it."""
    live = (staff_sessions.c.token_hash == digest(token)) & staff_sessions.c.revoked_at.is_(None)
    await connection.execute(update(staff_sessions).where(live).values(revoked_at=func.now()))


def _is_live(rules: StaffRules) -> ColumnElement[bool]:
    return (
        staff_sessions.c.revoked_at.is_(None)
        & (staff_sessions.c.expires_at > func.now())
        & (staff_sessions.c.last_seen_at > func.now() - rules.session_idle)
    )

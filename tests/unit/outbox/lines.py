"""Lines that wait, made up."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bot.outbox.rows import Row

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def line(
    seq: int,
    text: str | None,
    parts: int = 0,
    acts: Mapping[str, tuple[datetime, int]] | None = None,
    **body: Any,
) -> Row:
    """One of a conversation; without a text its key is gone."""
    return Row(
        message_id=UUID(int=seq),
        conversation_id=UUID(int=1),
        identity_id=UUID(int=2),
        account="care",
        locale="zh-Hans",
        seq=seq,
        state="queued",
        parts=parts,
        attempts=0,
        queued_at=NOW,
        trace_id="a" * 32,
        lease=None,
        reply_to=None,
        reply_part=None,
        cuts=(),
        body=None if text is None else {"text": text, **body},
        address="openid",
        acts=acts or {},
    )

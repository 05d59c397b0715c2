"""A notice that is to go out, as the store has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from bot.channels.wechat.window import Act, Trigger
from crm_adapter.encryption import EncryptionFault, Keys, unseal, unseal_json
from crm_adapter.identify import Known

PLACE: Final = "wechat_notices.values"
COLUMNS: Final = """
       n.id, n.identity_id, n.account, n.name, n.if_closed, n.attempts, n.queued_at, n.lease_until,
       n.sealed_values, a.sealed_external_id, a.contact_id, a.key_id, a.kek, a.wrapped,
       (SELECT jsonb_object_agg(w.trigger, jsonb_build_array(w.at, w.sent)) FROM bot.send_windows w
         WHERE w.identity_id = n.identity_id) AS acts,
       EXISTS (SELECT FROM bot.unreachable u WHERE u.identity_id = n.identity_id) AS unreachable
"""
"""What :func:`read_notice` reads, from a notice ``n`` and whom it goes to, ``a``."""
JOIN: Final = "LEFT JOIN LATERAL crm.address_of(n.identity_id) a ON true"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a notice goes to, in WeChat's terms, and what it tells."""

    who: Known
    openid: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """``to`` is ``None`` where their key is gone; ``acts`` is what they last did, as the send window counts it."""

    id: UUID
    identity_id: UUID
    account: str
    name: str
    if_closed: bool
    attempts: int
    queued_at: datetime
    lease: datetime
    unreachable: bool
    acts: Mapping[Trigger, Act]
    to: Addressee | None


def read_notice(keys: Keys, row: Any) -> QueuedNotice:
    """From a row of :data:`COLUMNS`."""
    known: Mapping[str, tuple[str, int]] = row.acts or {}
    acts = {cast("Trigger", kind): Act(datetime.fromisoformat(at), sent) for kind, (at, sent) in known.items()}
    return QueuedNotice(
        row.id,
        row.identity_id,
        row.account,
        row.name,
        row.if_closed,
        row.attempts,
        row.queued_at,
        row.lease_until,
        row.unreachable,
        acts,
        _addressee(keys, row),
    )


def _addressee(keys: Keys, row: Any) -> Addressee | None:
    if row.sealed_external_id is None or row.wrapped is None:
        return None
    try:
        key = keys.unwrap(row.key_id, row.kek, row.wrapped)
        openid = unseal(key, "identities.external_id", row.identity_id, row.sealed_external_id).decode()
        values = unseal_json(key, PLACE, row.id, row.sealed_values)
    except EncryptionFault:
        return None
    return Addressee(Known(row.identity_id, row.contact_id, key), openid, values)

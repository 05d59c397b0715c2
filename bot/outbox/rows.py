"""A line that is to go out, as the store has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bot.domain.message import Body
from bot.storage.bodies import open_body
from crm_adapter.encryption import KeyringFault, Keys, SealBroken, unseal

COLUMNS: Final = """
       o.message_id, o.conversation_id, c.identity_id, o.account, c.locale, o.seq, o.state, o.parts, o.attempts,
       o.queued_at, o.trace_id, o.lease_until, o.reply_to, o.reply_part, o.cuts, m.sealed_body,
       a.sealed_external_id, a.key_id, a.kek, a.wrapped,
       (SELECT jsonb_object_agg(w.trigger, jsonb_build_array(w.at, w.sent)) FROM bot.send_windows w
         WHERE w.identity_id = c.identity_id),
       EXISTS (SELECT FROM bot.unreachable u
                WHERE u.identity_id = c.identity_id
                  AND NOT EXISTS (SELECT FROM bot.send_windows w
                                   WHERE w.identity_id = u.identity_id AND w.at > u.since)),
       EXISTS (SELECT FROM bot.conversations t JOIN bot.outbox e ON e.conversation_id = t.id
                WHERE t.identity_id = c.identity_id AND e.seq > o.seq AND e.state = 'queued' AND e.due_at <= now()),
       (SELECT jsonb_object_agg(p.blob_id, p.media_id) FROM bot.blobs b JOIN bot.uploads p ON p.blob_id = b.id
         WHERE b.identity_id = c.identity_id AND b.message_id = o.message_id
           AND p.account = o.account AND p.until > now())
"""
"""What :func:`read_row` reads, from an outbox row ``o`` and :data:`JOINS`."""
JOINS: Final = """
  JOIN bot.messages m ON m.id = o.message_id
  JOIN bot.conversations c ON c.id = o.conversation_id
  LEFT JOIN LATERAL crm.address_of(c.identity_id) a ON true
"""


@dataclass(frozen=True, slots=True)
class Row:
    """``address`` is whom it goes to, in the account's terms; ``None``, as the body then is, where their key is gone.

    ``parts`` messages of the platform were sent of it; ``cuts`` say from which part on its texts have to be how short,
    in bytes, later ones on top of earlier ones; ``acts`` is what the user last did, by kind: when, and how many
    messages were sent since. One that is ``unreachable`` is sent nothing until they act again;
    one that is ``followed`` has more behind it. ``held`` are the platform's ids of those files of the line that it has,
    by ours.
    """

    message_id: UUID
    conversation_id: UUID
    identity_id: UUID
    account: str
    locale: str
    seq: int
    state: str
    parts: int
    attempts: int
    queued_at: datetime
    trace_id: str
    lease: datetime | None
    reply_to: UUID | None
    reply_part: int | None
    cuts: tuple[tuple[int, int], ...]
    body: Body | None = field(repr=False)
    address: str | None = field(repr=False)
    acts: Mapping[str, tuple[datetime, int]]
    unreachable: bool = False
    followed: bool = False
    held: Mapping[str, str] = field(default_factory=dict)


def read_row(keys: Keys, columns: Sequence[Any]) -> Row:
    """A row of :data:`COLUMNS`."""
    *plain, cuts, sealed_body, sealed_address, key_id, kek, wrapped, acts, unreachable, followed, held = columns
    body, address = _opened(keys, plain[0], plain[2], sealed_body, sealed_address, key_id, kek, wrapped)
    known = {kind: (datetime.fromisoformat(at), int(sent)) for kind, (at, sent) in (acts or {}).items()}
    smaller = tuple((int(part), int(size)) for part, size in cuts or ())
    values: tuple[Any, ...] = (*plain, smaller, body, address, known, unreachable, followed, held or {})
    return Row(*values)


def _opened(
    keys: Keys,
    message_id: UUID,
    identity_id: UUID,
    sealed_body: bytes,
    sealed_address: bytes | None,
    key_id: UUID | None,
    kek: str | None,
    wrapped: bytes | None,
) -> tuple[Body | None, str | None]:
    if sealed_address is None or key_id is None or kek is None or wrapped is None:
        return None, None
    try:
        key = keys.unwrap(key_id, kek, wrapped)
        address = unseal(key, "identities.external_id", identity_id, sealed_address).decode()
    except (SealBroken, KeyringFault):
        return None, None
    return open_body(key, message_id, sealed_body), address

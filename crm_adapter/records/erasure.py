"""Erasure: what is gone, what is kept, why and until when, signed (PR5, PR6, PIPL 47)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Certificate:
    """``content`` says what was erased and kept; ``signature`` is Ed25519 over its canonical JSON, in base64.

    It names the person by the pseudonym the ledger keeps (the contact's id) and by nothing else.

    ``shared_reach`` is for staff alone and no part of what is signed or handed out: the living contacts that have a
    phone or an e-mail of the person, who may be the same person once more.
    """

    id: UUID
    contact_id: UUID
    erased_at: datetime
    content: Mapping[str, Any]
    signature: str
    public_key: str
    shared_reach: tuple[UUID, ...] = ()

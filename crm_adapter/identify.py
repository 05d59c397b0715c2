"""Who is writing: what ``crm.identify`` is called with, and what it answers; for psycopg, on the hot path."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from crm_adapter.encryption import DataKey, Keys, SealBroken, seal

RENEW_KEY = "SELECT crm.renew_key(%s, %s, %s, %s, %s, %s)"
_NEW_CONTACT = 5
"""Which of the arguments it is."""
IDENTIFY = "SELECT * FROM crm.identify(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Sender:
    """An account on a channel, in that account's own terms, and how sure the channel is of who it is."""

    channel: str
    account: str
    external_id: str
    assurance: str
    locale: str


@dataclass(frozen=True, slots=True)
class Known:
    """The identity, its contact and the data key for what is written of it; ``new`` where all three were just made."""

    identity_id: UUID
    contact_id: UUID
    key: DataKey = field(repr=False)
    new: bool = False


class KeyDamaged(Exception):
    """The identity's data key does not unwrap; :func:`renewal_arguments` give it a new one."""

    def __init__(self, identity_id: UUID, key_id: UUID) -> None:
        super().__init__(f"the data key {key_id} is damaged")
        self.identity_id = identity_id
        self.key_id = key_id


def identity_blind(keys: Keys, account: str, external_id: str) -> bytes:
    """By what an identity is found."""
    return keys.blind("identity", account, external_id)


def identify_arguments(keys: Keys, sender: Sender) -> tuple[Any, ...]:
    """For :data:`IDENTIFY`: the sender's blind index, and a contact, identity and data key in case it is a new one."""
    identity_id = uuid7()
    key, kek, wrapped = keys.new_data_key(uuid7())
    return (
        sender.channel,
        sender.account,
        identity_blind(keys, sender.account, sender.external_id),
        sender.assurance,
        sender.locale,
        uuid7(),
        identity_id,
        key.id,
        kek,
        wrapped,
        seal(key, "identities.external_id", identity_id, sender.external_id.encode()),
    )


def renewal_arguments(keys: Keys, damaged: KeyDamaged, external_id: str) -> tuple[Any, ...]:
    """For :data:`RENEW_KEY`, in a transaction of its own before the next try."""
    key, kek, wrapped = keys.new_data_key(uuid7())
    sealed = seal(key, "identities.external_id", damaged.identity_id, external_id.encode())
    return (damaged.identity_id, damaged.key_id, key.id, kek, wrapped, sealed)


def known(keys: Keys, row: tuple[Any, ...], arguments: tuple[Any, ...] = ()) -> Known:
    """From the row that :data:`IDENTIFY` gives; with the ``arguments`` it was asked with, also whether they are new.

    Raises :class:`KeyDamaged`, and :class:`KeyringFault` where this process lacks the key-encryption key.
    """
    identity_id, contact_id, key_id, kek, wrapped = row
    try:
        new = bool(arguments) and contact_id == arguments[_NEW_CONTACT]
        return Known(identity_id, contact_id, keys.unwrap(key_id, kek, wrapped), new)
    except SealBroken:
        raise KeyDamaged(identity_id, key_id) from None

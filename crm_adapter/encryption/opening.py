"""Opening what a list of rows holds sealed, with one look into the key store."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.encryption.errors import SealBroken
from crm_adapter.encryption.keys import Keys
from crm_adapter.encryption.seal import DataKey, key_id_of, unseal, unseal_json
from crm_adapter.encryption.vault import load_keys

log = structlog.get_logger(__name__)


class Opener:
    """Opens what its keys fit; ``None`` for what is empty, whose key is gone, or what was damaged.

    One damaged row is no reason to show nobody's: it is logged and reads as if its key were gone.
    """

    def __init__(self, found: Mapping[UUID, DataKey]) -> None:
        self._found = found

    def key(self, sealed: bytes | None) -> DataKey | None:
        """The key that this was sealed with, if it is there."""
        with suppress(SealBroken):
            return None if sealed is None else self._found.get(key_id_of(sealed))
        return None

    def text(self, place: str, record: UUID, sealed: bytes | None) -> str | None:
        """What :func:`~crm_adapter.encryption.seal` was given, as text."""
        clear = self._open(unseal, place, record, sealed)
        return None if clear is None else clear.decode()

    def value(self, place: str, record: UUID, sealed: bytes | None) -> Any:
        """What :func:`~crm_adapter.encryption.seal_json` was given."""
        return self._open(unseal_json, place, record, sealed)

    def _open(
        self, how: Callable[[DataKey, str, UUID, bytes], Any], place: str, record: UUID, sealed: bytes | None
    ) -> Any:
        if sealed is None:
            return None
        try:
            key = self._found.get(key_id_of(sealed))
            return None if key is None else how(key, place, record, sealed)
        except SealBroken:
            log.error("a record cannot be opened", place=place, record=str(record))
            return None


async def opener_for(connection: AsyncConnection, keys: Keys, sealed: Iterable[bytes | None]) -> Opener:
    """For these seals, as far as their keys are there."""
    wanted = set()
    for one in sealed:
        with suppress(SealBroken):  # said when it is opened
            if one is not None:
                wanted.add(key_id_of(one))
    return Opener(await load_keys(connection, keys, wanted) if wanted else {})

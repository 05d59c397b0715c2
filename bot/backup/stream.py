"""A sealed stream: AES-256-GCM in chunks, each bound to its archive, its place and whether it is the last.

    "YDBK1\\n", a line of JSON {"archive", "kind", "kek", "wrapped"}, then chunks: 4 bytes of length, ciphertext, tag

The archive's key is used for nothing else, so a counter is its nonce. A chunk that was changed, moved, dropped or
taken from another archive does not open, and a stream without its last chunk is found to be cut short.
"""

import base64
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from uuid_utils.compat import uuid7

from bot.backup.faults import ArchiveDamaged, WrongKeyring
from crm_adapter.encryption import DataKey, Keyring, KeyringFault, SealBroken

MAGIC = b"YDBK1\n"
CHUNK = 1 << 20
_TAG = 16
_HEADER_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Seal:
    """What the chunks of one archive are sealed with."""

    key: DataKey
    kind: str

    def nonce(self, number: int) -> bytes:
        """The chunk's own; no number comes twice under one key."""
        return struct.pack(">4xQ", number)

    def bound(self, number: int, last: bool) -> bytes:
        """What a chunk is bound to."""
        return b"\0".join((MAGIC, self.kind.encode(), self.key.id.bytes, struct.pack(">Q?", number, last)))


class SealingWriter:
    """Writes the stream; :meth:`close` writes the last chunk, and without it the archive is worthless."""

    def __init__(self, file: BinaryIO, ring: Keyring, kind: str) -> None:
        key, kek, wrapped = ring.new_data_key(uuid7())
        self.archive = key.id
        self._file = file
        self._seal = Seal(key, kind)
        self._number = 0
        self._waiting = bytearray()
        header = {"archive": str(key.id), "kind": kind, "kek": kek, "wrapped": base64.b64encode(wrapped).decode()}
        file.write(MAGIC + json.dumps(header).encode() + b"\n")

    def write(self, content: bytes) -> None:
        """Takes any number of bytes."""
        self._waiting += content
        # A whole chunk waits until something follows: the last one has to be known as such.
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def close(self) -> None:
        """Writes what is left as the last chunk."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, clear: bytes, *, last: bool) -> None:
        seal = self._seal
        sealed = seal.key.cipher.encrypt(seal.nonce(self._number), clear, seal.bound(self._number, last))
        self._file.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1


def read_stream(file: BinaryIO, ring: Keyring, kind: str, archive: UUID) -> Iterator[bytes]:
    """The clear chunks of the archive of that id. Raises :class:`ArchiveDamaged` and :class:`WrongKeyring`."""
    seal = _open(file, ring, kind, archive)
    number = 0
    sealed = _chunk(file)
    while sealed is not None:
        following = _chunk(file)
        last = following is None
        try:
            yield seal.key.cipher.decrypt(seal.nonce(number), sealed, seal.bound(number, last))
        except InvalidTag:
            raise ArchiveDamaged(f"the {kind} archive is damaged or cut short at its chunk {number}") from None
        number += 1
        sealed = following
    if number == 0:
        raise ArchiveDamaged(f"the {kind} archive is cut short at its beginning")


def _open(file: BinaryIO, ring: Keyring, kind: str, archive: UUID) -> Seal:
    try:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError
        header = json.loads(file.readline(_HEADER_LIMIT))
        if (header["archive"], header["kind"]) != (str(archive), kind):
            raise ValueError
        kek, wrapped = str(header["kek"]), base64.b64decode(header["wrapped"])
    except (ValueError, KeyError, TypeError):
        raise ArchiveDamaged(f"the beginning of the {kind} archive is damaged") from None
    try:
        return Seal(ring.unwrap(archive, kek, wrapped), kind)
    except KeyringFault:
        raise WrongKeyring(
            f"the {kind} archive was sealed with the key-encryption key {kek}, which this keyring lacks: bring the"
            " keyring of that time"
        ) from None
    except SealBroken:
        raise WrongKeyring(f"the key of the {kind} archive does not open with this keyring's {kek}") from None


def _chunk(file: BinaryIO) -> bytes | None:
    head = file.read(4)
    if not head:
        return None
    length = struct.unpack(">I", head)[0] if len(head) == 4 else 0
    if not _TAG <= length <= CHUNK + _TAG:
        raise ArchiveDamaged("a chunk's length is damaged, or the archive is cut short")
    sealed = file.read(length)
    if len(sealed) != length:
        raise ArchiveDamaged("the archive is cut short")
    return sealed

"""What a backup says about itself, signed with the keyring's Ed25519 key."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidSignature

from bot.backup.faults import ArchiveDamaged, BackupFault, WrongKeyring
from bot.storage.folders import sync
from crm_adapter.encryption import Keyring

FORMAT = 1
KEYS = "keys.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One archive. ``made_at`` is ISO 8601 and the generation's name in files; ``counts`` are rows per table."""

    kind: str
    archive: str
    file: str
    sha256: str
    size: int
    made_at: str
    program: str
    heads: list[str]
    counts: Mapping[str, int]
    blobs: int
    format: int = FORMAT

    @property
    def archive_id(self) -> UUID:
        """The archive's id, to which its chunks are bound."""
        return UUID(self.archive)


def write_manifest(path: Path, manifest: Manifest, ring: Keyring) -> None:
    """Signs it and puts it in place as a whole."""
    content = asdict(manifest)
    signature = ring.signing_key.sign(_signed(content))
    document = {"manifest": content, "signature": base64.b64encode(signature).decode()}
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync(path.parent)


def read_manifest(path: Path, ring: Keyring) -> Manifest:
    """The manifest. Raises :class:`BackupFault` where there is none, or it was not signed with this keyring."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        content: dict[str, Any] = document["manifest"]
        signature = base64.b64decode(document["signature"])
        signed = _signed(content)
    except FileNotFoundError:
        raise BackupFault(f"{path.parent} holds no backup: {path.name} is missing") from None
    except (ValueError, KeyError, TypeError, rfc8785.CanonicalizationError):
        raise ArchiveDamaged(f"{path} is damaged") from None
    try:
        ring.signing_key.public_key().verify(signature, signed)
    except InvalidSignature:
        raise WrongKeyring(f"{path} was changed, or signed with another keyring than this one") from None
    if content.get("format") != FORMAT:
        raise BackupFault(f"{path} is of format {content.get('format')}: a newer release of Yingda reads it")
    return Manifest(**content)


def newest(folder: Path) -> Path:
    """The manifest of the newest data archive. Raises :class:`BackupFault`."""
    found = sorted(folder.glob("data-*.json"))
    if not found:
        raise BackupFault(f"{folder} holds no backup: there is no data-….json")
    return found[-1]


def check_file(folder: Path, manifest: Manifest) -> Path:
    """The archive's file, when it is the one of the manifest. Raises :class:`ArchiveDamaged`."""
    path = folder / Path(manifest.file).name
    if not path.is_file():
        raise ArchiveDamaged(f"{path} is missing")
    if path.stat().st_size != manifest.size:
        raise ArchiveDamaged(f"{path} has {path.stat().st_size} bytes, its manifest says {manifest.size}")
    if sha256_of(path) != manifest.sha256:
        raise ArchiveDamaged(f"{path} was changed: its sum is not that of its manifest")
    return path


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _signed(content: dict[str, Any]) -> bytes:
    return b"yingda backup\0" + rfc8785.dumps(content)

"""The certificate of an erasure: what is gone, what is kept, why and until when; canonical JSON, signed (PIPL 47)."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from uuid import UUID

import rfc8785
import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crm_adapter.records.erasure import Certificate
from crm_adapter.records.rights import OpenRequest

FORM = "yingda erasure certificate 1"
_SEAL = b"yingda erasure\0"  # so that no signature on a certificate is ever one on something else


class BadCertificate(ValueError):
    """The document is no certificate; ``code`` is ``not_a_certificate``."""

    code = "not_a_certificate"


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: rows per category that are gone and that are kept, and which people and keys they were."""

    contact_ids: tuple[UUID, ...]
    key_ids: tuple[UUID, ...]
    erased: Mapping[str, int]
    kept: Mapping[str, int]


@cache
def reasons() -> Mapping[str, Mapping[str, Any]]:
    """Per kept category the law, the years and the words."""
    content = (files("crm_adapter.rights") / "law.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, Mapping[str, Any]] = yaml.safe_load(content)
    return loaded


def content_of(
    certificate_id: UUID,
    contact_id: UUID,
    at: datetime,
    by: str,
    grounds: str,
    controller: str,
    done: Erased,
    request_id: UUID | None,
    ended: Sequence[OpenRequest],
) -> dict[str, Any]:
    """What the certificate says. Nobody is named in it but by the pseudonyms that stay.

    ``request_id`` is the request that the erasure answers, ``ended`` those that it leaves without an answer.
    """
    return {
        "form": FORM,
        "id": str(certificate_id),
        "controller": controller,
        "contact_id": str(contact_id),
        "merged_contact_ids": sorted(str(one) for one in done.contact_ids if one != contact_id),
        "erased_at": _iso(at),
        "by": by,
        "grounds": grounds,
        "request": None if request_id is None else str(request_id),
        "ended_unanswered": [{"request": str(one.id), "kind": one.kind} for one in ended],
        "erased": {name: int(number) for name, number in sorted(done.erased.items())},
        "kept": [_kept(name, number, at) for name, number in sorted(done.kept.items()) if number],
    }


def sign(key: Ed25519PrivateKey, content: Mapping[str, Any]) -> str:
    """The signature in base64."""
    return base64.b64encode(key.sign(_SEAL + rfc8785.dumps(dict(content)))).decode()


def public_half(key: Ed25519PrivateKey) -> str:
    """The public key in base64, safe to hand out."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def document_of(certificate: Certificate) -> dict[str, Any]:
    """The certificate as the file that the customer is given; of other people it says nothing."""
    return {
        "certificate": dict(certificate.content),
        "signature": certificate.signature,
        "public_key": certificate.public_key,
    }


def verify(document: Mapping[str, Any], trusted_key: str | None = None) -> Literal["valid", "changed", "other_key"]:
    """Whether a certificate's file is what was signed; with ``trusted_key`` also that this key signed it.

    Raises :class:`BadCertificate` for what is no certificate at all.
    """
    try:
        content, public_key = document["certificate"], document["public_key"]
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        signature = base64.b64decode(document["signature"], validate=True)
        if content["form"] != FORM:
            raise BadCertificate("unknown form")
        message = _SEAL + rfc8785.dumps(content)
    except (KeyError, TypeError, ValueError, binascii.Error, rfc8785.CanonicalizationError) as fault:
        raise BadCertificate(str(fault)) from None
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return "changed"
    return "valid" if trusted_key in (None, public_key) else "other_key"


def _kept(category: str, number: int, at: datetime) -> dict[str, Any]:
    reason = reasons()[category]
    years = reason["years"]
    until = None if years == "keep" else _iso(_years_later(at, years))
    return {"category": category, "rows": int(number), "law": reason["law"], "why": reason["why"], "until": until}


def _years_later(at: datetime, years: int) -> datetime:
    day = 28 if (at.month, at.day) == (2, 29) else at.day
    return at.replace(year=at.year + years, day=day)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")

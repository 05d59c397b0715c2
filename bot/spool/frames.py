"""The bytes of a spool's file: a head with the file's own data key, wrapped, then frames.

A frame is its body's length, a CRC-32 of kind and body, the kind, and the body. What a killed process has left of its
last frame fails that check, and nothing behind it was ever acknowledged.
"""

import base64
import binascii
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

MAGIC = b"yingda spool 1\n"
_FRAME = struct.Struct(">II1s")
_PUT = struct.Struct(">Q16s16s")
_SETTLED = struct.Struct(">Q")
MAX_BODY = 1 << 20

PUT, DONE, ASIDE = b"P", b"D", b"A"


class Head(NamedTuple):
    """The data key of all records of a file, as :meth:`~crm_adapter.encryption.Keys.unwrap` takes it."""

    key_id: UUID
    kek: str
    wrapped: bytes


class Put(NamedTuple):
    """A record: ``stamp`` is its place among all of the machine (nanoseconds since 1970), ``line`` what it must stay
    in order with, ``name`` what it is; both keyed hashes. ``at`` and ``size`` are where the sealed bytes stand."""

    stamp: int
    line: bytes
    name: bytes
    at: int
    size: int


class Settled(NamedTuple):
    """The record of that stamp is taken care of; or was put ``aside``, which then says why."""

    stamp: int
    aside: str | None


@dataclass(slots=True)
class Standing:
    """What stands in a file, by its stamps: what waits, what was put aside and why, and where all of it ends."""

    end: int
    waiting: dict[int, Put] = field(default_factory=dict)
    aside: dict[int, tuple[Put, str]] = field(default_factory=dict)


def head(found: Head) -> bytes:
    """What a file begins with."""
    document = {"key": str(found.key_id), "kek": found.kek, "wrapped": base64.b64encode(found.wrapped).decode()}
    return MAGIC + json.dumps(document).encode() + b"\n"


def read_head(content: bytes) -> tuple[Head, int]:
    """The head and where it ends. Raises :class:`ValueError`."""
    end = content.find(b"\n", len(MAGIC)) + 1
    if not content.startswith(MAGIC) or not end:
        raise ValueError("no spool")
    try:
        document = json.loads(content[len(MAGIC) : end])
        wrapped = base64.b64decode(document["wrapped"], validate=True)
        return Head(UUID(document["key"]), str(document["kek"]), wrapped), end
    except (KeyError, TypeError, AttributeError, binascii.Error):
        raise ValueError("no spool") from None


def put(stamp: int, line: bytes, name: bytes, sealed: bytes) -> bytes:
    """A record's frame; ``line`` and ``name`` have 16 bytes."""
    return _frame(PUT, _PUT.pack(stamp, line, name) + sealed)


def settled(stamp: int, aside: str | None = None) -> bytes:
    """The frame that ends a record; ``aside`` says why it was put aside, without what is personal: it is not sealed."""
    return _frame(DONE if aside is None else ASIDE, _SETTLED.pack(stamp) + (aside or "").encode())


def _frame(kind: bytes, body: bytes) -> bytes:
    return _FRAME.pack(len(body), crc32(kind + body), kind) + body


def frames(content: bytes, start: int = 0, base: int = 0) -> Iterator[tuple[Put | Settled, int]]:
    """What stands in ``content`` from ``start`` on, each with where it ends; up to the first that is not whole.

    ``base`` is where ``content`` begins in its file.
    """
    at = start
    while len(content) - at >= _FRAME.size:
        size, checksum, kind = _FRAME.unpack_from(content, at)
        begin, end = at + _FRAME.size, at + _FRAME.size + size
        if size > MAX_BODY or end > len(content):
            return
        body = content[begin:end]
        if crc32(kind + body) != checksum:
            return
        if kind == PUT and size >= _PUT.size:
            stamp, line, name = _PUT.unpack_from(body)
            yield Put(stamp, line, name, base + begin + _PUT.size, size - _PUT.size), end
        elif kind == DONE and size == _SETTLED.size:
            yield Settled(_SETTLED.unpack(body)[0], None), end
        elif kind == ASIDE and size >= _SETTLED.size:
            yield Settled(_SETTLED.unpack_from(body)[0], body[_SETTLED.size :].decode(errors="replace")), end
        else:
            return
        at = end


def read_standing(content: bytes, start: int) -> Standing:
    """All of a file's ``content`` from ``start`` on, up to the first frame that is not whole.

    A record that stands there again after it was put aside waits.
    """
    standing = Standing(start)
    for frame, standing.end in frames(content, start):
        if isinstance(frame, Put):
            standing.waiting[frame.stamp] = frame
            standing.aside.pop(frame.stamp, None)
        elif (record := standing.waiting.pop(frame.stamp, None)) is not None and frame.aside is not None:
            standing.aside[frame.stamp] = record, frame.aside
    return standing

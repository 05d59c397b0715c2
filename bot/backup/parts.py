"""Several parts in one stream: a line of JSON with the part's name, then frames of 4 bytes of length and content.

An empty frame ends a part, an empty line ends the stream.
"""

import json
import struct
from collections.abc import Iterable, Iterator

from bot.backup.faults import ArchiveDamaged
from bot.backup.stream import SealingWriter


def write_part(writer: SealingWriter, name: str, content: Iterable[bytes]) -> int:
    """Writes one part; its size in bytes."""
    size = 0
    writer.write(json.dumps(name).encode() + b"\n")
    for piece in content:
        if piece:
            writer.write(struct.pack(">I", len(piece)) + piece)
            size += len(piece)
    writer.write(struct.pack(">I", 0))
    return size


def end_parts(writer: SealingWriter) -> None:
    """Says that no part follows, and closes the stream."""
    writer.write(b"\n")
    writer.close()


def read_parts(chunks: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and content of each part, in order; a content that was not read is skipped."""
    source = _Source(chunks)
    while line := source.line():
        content = _frames(source)
        yield str(json.loads(line)), content
        for _ in content:
            pass
    if any(chunks):
        raise ArchiveDamaged("something stands behind the end of the archive")


def _frames(source: "_Source") -> Iterator[bytes]:
    while length := struct.unpack(">I", source.take(4))[0]:
        yield source.take(length)


class _Source:
    """Bytes in any number from chunks of another size."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._waiting = bytearray()

    def take(self, number: int) -> bytes:
        while len(self._waiting) < number:
            self._more()
        taken = bytes(self._waiting[:number])
        del self._waiting[:number]
        return taken

    def line(self) -> bytes:
        while (end := self._waiting.find(b"\n")) < 0:
            self._more()
        return self.take(end + 1).strip()

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise ArchiveDamaged("the archive ends in the middle of a part")
        self._waiting += chunk

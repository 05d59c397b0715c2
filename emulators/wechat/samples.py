"""Files that a user's phone sends when a test brings none of its own."""

import struct
import zlib


def picture(red: int = 90, green: int = 140, blue: int = 200, side: int = 96) -> bytes:
    """A PNG of one colour."""
    rows = (b"\0" + bytes((red, green, blue)) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(data)) + name + data + struct.pack(">I", _crc(name + data)) for name, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _crc(data: bytes) -> int:
    return zlib.crc32(data) & 0xFFFFFFFF


SAMPLES: dict[str, bytes] = {
    "image": picture(),
    "voice": b"#!AMR\n" + b"\x7c" * 50,  # one second of frames without sound
    "video": struct.pack(">I", 20) + b"ftypisom" + b"\0\0\2\0isom",
    "shortvideo": struct.pack(">I", 20) + b"ftypisom" + b"\0\0\2\0isom",
    "thumb": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9",
}

"""Sealed streams: what was written comes out, and nothing else is taken for it."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from bot.backup import stream
from bot.backup.faults import ArchiveDamaged, WrongKeyring
from bot.backup.parts import end_parts, read_parts, write_part
from bot.backup.stream import MAGIC, SealingWriter, read_stream
from crm_adapter.encryption import Keyring

RING = Keyring.fresh()


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(stream, "CHUNK", 64)


def sealed(content: bytes, kind: str = "data"):
    file = io.BytesIO()
    writer = SealingWriter(file, RING, kind)
    writer.write(content)
    writer.close()
    return writer.archive, file.getvalue()


def opened(archive, content: bytes, kind: str = "data", ring: Keyring = RING) -> bytes:
    return b"".join(read_stream(io.BytesIO(content), ring, kind, archive))


def chunks_of(content: bytes) -> tuple[bytes, list[bytes]]:
    head_end = content.index(b"\n", len(MAGIC)) + 1
    head, rest, chunks = content[:head_end], content[head_end:], []
    while rest:
        end = 4 + struct.unpack(">I", rest[:4])[0]
        chunks.append(rest[:end])
        rest = rest[end:]
    return head, chunks


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 1000])
def test_what_was_written_comes_out(size):
    content = bytes(number % 251 for number in range(size))
    archive, file = sealed(content)
    assert opened(archive, file) == content
    assert content not in file or size < 2


@pytest.mark.parametrize(
    "change",
    [
        lambda chunks: chunks[:-1],
        lambda chunks: chunks[1:],
        lambda chunks: [],
        lambda chunks: [chunks[1], chunks[0], *chunks[2:]],
        lambda chunks: [chunks[0], *chunks],
        lambda chunks: [*chunks, chunks[-1]],
        lambda chunks: [*chunks[:-1], chunks[-1][:-1]],
        lambda chunks: [*chunks, b"\0"],
        lambda chunks: [chunks[0][:10] + bytes([chunks[0][10] ^ 1]) + chunks[0][11:], *chunks[1:]],
    ],
)
def test_what_was_dropped_moved_doubled_cut_or_changed_is_found(change):
    archive, file = sealed(b"x" * 200)
    head, chunks = chunks_of(file)
    assert len(chunks) == 4
    with pytest.raises(ArchiveDamaged):
        opened(archive, head + b"".join(change(chunks)))


def test_a_chunk_of_another_archive_does_not_fit():
    archive, file = sealed(b"x" * 200)
    _, others = chunks_of(sealed(b"x" * 200)[1])
    head, chunks = chunks_of(file)
    with pytest.raises(ArchiveDamaged):
        opened(archive, head + chunks[0] + others[1] + b"".join(chunks[2:]))


def test_one_archive_does_not_pass_for_another():
    archive, file = sealed(b"x", "keys")
    for wrong in ((archive, "data"), (uuid7(), "keys")):
        with pytest.raises(ArchiveDamaged):
            opened(wrong[0], file, wrong[1])
    with pytest.raises(ArchiveDamaged):
        opened(archive, b"PK" + file, "keys")
    with pytest.raises(WrongKeyring):
        opened(archive, file, "keys", Keyring.fresh())


@given(st.lists(st.tuples(st.text(max_size=20), st.lists(st.binary(max_size=200), max_size=5)), max_size=5))
def test_parts_come_out_as_they_went_in(parts):
    file = io.BytesIO()
    writer = SealingWriter(file, RING, "data")
    for name, content in parts:
        write_part(writer, name, content)
    end_parts(writer)
    reading = read_parts(read_stream(io.BytesIO(file.getvalue()), RING, "data", writer.archive))
    assert [(name, b"".join(content)) for name, content in reading] == [
        (name, b"".join(content)) for name, content in parts
    ]


def test_a_part_that_nobody_reads_is_passed_over():
    file = io.BytesIO()
    writer = SealingWriter(file, RING, "data")
    for name in "abc":
        write_part(writer, name, [b"x" * 100])
    end_parts(writer)
    reading = read_parts(read_stream(io.BytesIO(file.getvalue()), RING, "data", writer.archive))
    assert [name for name, _ in reading] == ["a", "b", "c"]

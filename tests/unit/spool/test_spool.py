"""What is put is on disk, sealed, in order, until it is taken care of; a process that dies leaves it to the next."""

import asyncio
import errno
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rehearsal.keys import KEYS, RING
from bot.spool import file as spool_file
from bot.spool.file import HeldFile
from bot.spool.frames import frames, put, settled
from bot.spool.spool import Record, Spool, SpoolFault
from tests.servers import ROOT

LI, WANG = b"l" * 16, b"w" * 16
WORDS = "我的手机号是 13800138000"

# Prints once something is on disk, is in the middle of the next when it is killed.
DYING = """
import asyncio, os, sys
from pathlib import Path
from bot.spool.spool import Spool
from crm_adapter.encryption import Keyring, Keys
async def main():
    spool = Spool(Path(sys.argv[1]), Keys(lambda: Keyring.parse(sys.argv[2])), 1 << 20)
    for number in range(3):
        await spool.put(b"l" * 16, bytes([number]) * 16, f"{number}".encode())
    [file] = Path(sys.argv[1]).glob("*.spool")
    with file.open("ab") as torn:
        torn.write(file.read_bytes()[-70:-20])
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""


def spool_in(folder: Path, limit: int = 1 << 20) -> Spool:
    return Spool(folder, KEYS, limit)


def name(number: int) -> bytes:
    return bytes([number]) * 16


async def contents(spool: Spool, records: list[Record]) -> list[str]:
    return [(await spool.content(record)).decode() for record in records]


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


async def test_what_is_put_is_sealed_for_us_alone_and_gone_when_it_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool = spool_in(folder)
    assert not folder.exists()
    record = await spool.put(LI, name(1), WORDS.encode())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    [path] = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert WORDS.encode() not in path.read_bytes()
    assert b"13800138000" not in path.read_bytes()
    assert await contents(spool, [record]) == [WORDS]
    assert spool.waiting == 1
    await spool.settle(record)
    assert spool.waiting == 0
    assert files(folder) == []


async def test_those_who_come_at_once_share_a_write_and_keep_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(spool_file.os, "fsync", flushed.append)
    spool = spool_in(tmp_path)
    records = await asyncio.gather(*(spool.put(LI, name(number), b"%d" % number) for number in range(50)))
    assert [record.stamp for record in records] == sorted(record.stamp for record in records)
    assert len(flushed) < 10
    spool.close()
    again = spool_in(tmp_path)
    found = await again.take_over()
    assert await contents(again, list(found)) == [str(number) for number in range(50)]


async def test_it_is_flushed_before_it_is_said_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    flush = os.fsync

    def told(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        events.append(f"{kind} {os.fstat(descriptor).st_size > 300 or kind == 'folder'}")
        flush(descriptor)

    monkeypatch.setattr(spool_file.os, "fsync", told)
    await spool_in(tmp_path).put(LI, name(1), b"x" * 300)
    assert events == ["file False", "folder True", "file True"]


async def test_a_process_that_is_killed_leaves_all_but_what_it_never_acknowledged(tmp_path: Path) -> None:
    words = [sys.executable, "-c", DYING, str(tmp_path), RING.document()]
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT)
    assert await process.wait() == -9
    spool = spool_in(tmp_path)
    records = list(await spool.take_over())
    assert await contents(spool, records) == ["0", "1", "2"]
    assert [record.name for record in records] == [name(0), name(1), name(2)]
    assert list(await spool.take_over()) == []
    await spool.settle(records[0])
    spool.close()
    third = spool_in(tmp_path)
    assert await contents(third, list(await third.take_over())) == ["1", "2"]


async def test_nobody_takes_what_a_living_process_holds_but_all_know_that_it_waits(tmp_path: Path) -> None:
    one, two = spool_in(tmp_path), spool_in(tmp_path)
    first = await one.put(LI, name(1), b"1")
    assert list(await two.take_over()) == []
    assert two.is_behind(LI)
    assert not two.is_behind(WANG)
    assert not one.is_behind(LI)
    second = await two.put(LI, name(2), b"2")
    third = await one.put(LI, name(3), b"3")
    assert not one.is_behind(LI, first)
    assert two.is_behind(LI, second)
    assert one.is_behind(LI, third)
    await one.settle(first)
    assert not two.is_behind(LI, second)
    await two.settle(second)
    assert not one.is_behind(LI, third)
    assert two.is_behind(LI)
    await one.settle(third)
    assert not two.is_behind(LI)
    assert files(tmp_path) == []


async def test_beyond_its_limit_it_takes_nothing_and_has_lost_nothing(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, 4096)
    kept = [await spool.put(LI, name(number), b"x" * 500) for number in range(5)]
    with pytest.raises(SpoolFault) as full:
        await spool.put(LI, name(5), b"x" * 1500)
    assert full.value.reason == "full"
    assert size_of(tmp_path) <= 4096
    await spool.settle(kept.pop())
    spool.close()
    assert len(await spool_in(tmp_path).take_over()) == len(kept)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["pwrite", "fsync"])
async def test_a_disk_that_refuses_is_told_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    spool = spool_in(tmp_path)
    first = await spool.put(LI, name(1), b"1")
    works = getattr(os, call)
    write = os.pwrite

    def refuse(descriptor: int, *rest: object) -> int:
        if call == "pwrite":
            write(descriptor, bytes(rest[0])[:10], rest[1])  # type: ignore[call-overload,arg-type]
        raise OSError(number, "no")

    monkeypatch.setattr(spool_file.os, call, refuse)
    with pytest.raises(SpoolFault) as fault:
        await spool.put(LI, name(2), b"2")
    assert fault.value.reason == ("full" if number == errno.ENOSPC else "disk")
    monkeypatch.setattr(spool_file.os, call, works)
    third = await spool.put(LI, name(3), b"3")
    assert await contents(spool, [first, third]) == ["1", "3"]
    spool.close()
    again = spool_in(tmp_path)
    assert await contents(again, list(await again.take_over())) == ["1", "3"]


async def test_what_was_put_aside_is_kept_and_never_taken_again(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    bad, good = await spool.put(LI, name(1), b"1"), await spool.put(LI, name(2), b"2")
    await spool.settle(bad, aside="KeyError")
    spool.close()
    again = spool_in(tmp_path)
    [found] = await again.take_over()
    assert found.stamp == good.stamp
    await again.settle(found)
    assert files(tmp_path) == [".aside"]
    assert list(await spool_in(tmp_path).take_over()) == []


async def test_what_is_no_spool_or_sealed_with_another_keyring_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.spool").write_bytes(b"")
    (tmp_path / "b.spool").write_bytes(b"yingda spool 1\n{}\n")
    spool = spool_in(tmp_path)
    assert list(await spool.take_over()) == []
    assert files(tmp_path) == [".spool", ".spool"]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.data())
def test_of_a_file_that_is_cut_off_all_whole_records_are_read(bodies: list[bytes], data: st.DataObject) -> None:
    written = [put(number, LI, name(number), body) for number, body in enumerate(bodies)] + [settled(0)]
    whole = b"".join(written)
    cut = data.draw(st.integers(0, len(whole)))
    ends = [sum(map(len, written[: count + 1])) for count in range(len(written))]
    found = list(frames(whole[:cut]))
    assert [end for _, end in found] == [end for end in ends if end <= cut]


@given(st.binary(max_size=200))
def test_any_bytes_are_records_or_the_end(content: bytes) -> None:
    assert all(end <= len(content) for _, end in frames(content))


def test_of_a_file_whose_process_lives_nothing_is_taken(tmp_path: Path) -> None:
    held = HeldFile.create(tmp_path, KEYS)
    assert HeldFile.take_over(held.path, KEYS) is None
    held.close()
    taken = HeldFile.take_over(held.path, KEYS)
    assert taken is not None
    taken.leave_if_empty()
    assert files(tmp_path) == []

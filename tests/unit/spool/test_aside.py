"""What was put aside can be looked into, and is tried again when somebody says so; nothing of it is lost on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.rehearsal.keys import KEYS, RING
from bot.spool import file as spool_file
from bot.spool.aside import find_aside, look_into, try_again
from bot.spool.spool import Spool
from crm_adapter.encryption import EncryptionFault, Keyring, Keys

LI = b"l" * 16
OTHERS = Keyring.fresh()


async def with_aside(folder: Path, *reasons: str) -> Path:
    """A file with a record that was done, and one for each of the reasons."""
    spool = Spool(folder, KEYS, 1 << 20)
    records = [await spool.put(LI, bytes([number]) * 16, b"%d" % number) for number in range(len(reasons) + 1)]
    await spool.settle(records[0])
    for record, why in zip(records[1:], reasons, strict=True):
        await spool.settle(record, aside=why)
    [path] = files(folder)
    return path


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_what_was_put_aside_is_told_with_what_broke(tmp_path: Path) -> None:
    path = await with_aside(tmp_path, "KeyError\n  a.py:3 步", "")
    assert find_aside(tmp_path, KEYS) == [path]
    first, second = look_into(path, KEYS)
    assert (first.why, first.content, second.why, second.content) == ("KeyError\n  a.py:3 步", b"1", "", b"2")
    assert timedelta() <= datetime.now(UTC) - first.at < timedelta(hours=1)


async def test_after_a_mend_it_is_taken_in_its_order_and_gone_when_it_is_done(tmp_path: Path) -> None:
    path = await with_aside(tmp_path, "KeyError", "KeyError")
    assert try_again(path, KEYS) == 2
    assert find_aside(tmp_path, KEYS) == []
    spool = Spool(tmp_path, KEYS, 1 << 20)
    records = await spool.take_over()
    assert [await spool.content(record) for record in records] == [b"1", b"2"]
    await spool.settle(records[1], aside="KeyError")
    await spool.settle(records[0])
    [path] = find_aside(tmp_path, KEYS)
    assert [one.content for one in look_into(path, KEYS)] == [b"2"]
    assert try_again(path, KEYS) == 1
    [record] = await spool.take_over()
    await spool.settle(record)
    assert files(tmp_path) == []


async def test_a_disk_that_refuses_leaves_it_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await with_aside(tmp_path, "KeyError")
    before = path.read_bytes()

    def refuse(*_: object) -> int:
        raise OSError(28, "no")

    with monkeypatch.context() as patched:
        patched.setattr(spool_file.os, "fsync", refuse)
        with pytest.raises(OSError, match="no"):
            try_again(path, KEYS)
    assert path.read_bytes() == before
    assert try_again(path, KEYS) == 1


async def test_who_died_while_bringing_it_back_leaves_it_to_be_found(tmp_path: Path) -> None:
    path = await with_aside(tmp_path, "KeyError")
    file = spool_file.HeldFile.take_over(path, KEYS)
    assert file is not None
    file.bring_back()
    assert try_again(path, KEYS) == 0, "somebody does so already"
    file.close()
    assert find_aside(tmp_path, KEYS) == [path]
    assert [one.content for one in look_into(path, KEYS)] == [b"1"]
    assert try_again(path, KEYS) == 1


async def test_what_lacked_its_key_is_taken_once_the_key_is_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Keys(lambda: OTHERS), 1 << 20)
    await spool.put(LI, LI, b"1")
    spool.close()
    rings = [RING]
    ours = Keys(lambda: rings[-1])
    server = Spool(tmp_path, ours, 1 << 20)
    assert list(await server.take_over()) == []
    [path] = find_aside(tmp_path, ours)
    with pytest.raises(EncryptionFault):
        look_into(path, ours)
    with pytest.raises(EncryptionFault):
        try_again(path, ours)
    rings.append(replace(RING, keks=(*RING.keks, *OTHERS.keks)))
    assert try_again(path, ours) == 1
    [record] = await server.take_over()
    assert await server.content(record) == b"1"


def test_what_is_no_spool_is_found_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.spool").write_bytes(b"")
    (tmp_path / "b.spool").write_bytes(b"yingda spool 1\n{}\n")
    (tmp_path / "c.part").write_bytes(b"")
    held = spool_file.HeldFile.create(tmp_path, KEYS)
    assert [path.name for path in find_aside(tmp_path, KEYS)] == ["a.spool", "b.spool"]
    assert held.path.exists()
    assert find_aside(tmp_path / "nowhere", KEYS) == []

"""``yingda wechat spool``: what is tried no more is told and tried again; what customers wrote stays sealed."""

from pathlib import Path

import pytest

from bot.__main__ import main
from bot.rehearsal.keys import ENVIRONMENT, KEYS
from bot.spool.spool import Spool
from tests.unit.wechat_edge.intakes import Process, Store, arrived, until


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spool of the house that the commands are run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path / "var"))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "var" / "spool"


def spool(*words: str) -> int:
    return main(["wechat", "--locale", "en", "spool", *words])


def files(folder: Path) -> set[Path]:
    return set(folder.glob("*"))


async def put_aside(folder: Path, number: int, why: str) -> Path:
    ours = Spool(folder, KEYS, 1 << 20)
    before = files(folder)
    push = arrived("li", number)
    record = await ours.put(b"l" * 16, bytes([number]) * 16, push.written())
    await ours.settle(record, aside=why)
    [path] = files(folder) - before
    return path


def test_where_nothing_was_put_aside_it_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert spool("list") == spool("retry") == 0
    assert capsys.readouterr().out == "No push was put aside.\n" * 2
    assert spool("retry", "x.aside") == 1


async def test_each_is_told_with_its_account_and_what_broke(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = await put_aside(folder, 1, "KeyError\n  /x/turns.py:3 step")
    second = await put_aside(folder, 2, "")
    (folder / "z.spool").write_bytes(b"cut off")
    assert spool("list") == 0
    out = capsys.readouterr().out
    assert out.count("  care  ") == 2
    assert out.count(first.name) == out.count(second.name) == 1
    assert "    KeyError\n      /x/turns.py:3 step\n" in out
    assert "    why, says the log of that time\n" in out
    assert "z.spool\n    cannot be read: it is damaged, or holds no pushes\n" in out
    assert out.endswith("After the mend, yingda wechat spool retry has them tried again.\n")
    assert "li 1" not in out, "what customers wrote is nobody's business here"


async def test_after_the_mend_one_or_all_are_tried_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [await put_aside(folder, number, "KeyError") for number in (1, 2, 3)]
    (folder / "z.spool").write_bytes(b"cut off")
    store = Store()
    async with Process(folder, store):
        assert spool("retry", paths[1].name) == 0
        await until(lambda: store.done == ["li 2"])
        assert spool("retry") == 1
        await until(lambda: len(store.done) == 3)
        await until(lambda: files(folder) == {folder / "z.spool"})
    told = capsys.readouterr()
    assert "Pushes that are tried again: 1;" in told.out
    assert "Pushes that are tried again: 2;" in told.out
    assert "✗ z.spool  cannot be read" in told.err

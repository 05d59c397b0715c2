"""Pushes reach their turns once, each user's in order, whatever the store does; none is safe before it is on disk."""

import asyncio
from pathlib import Path

import pytest

from bot.rehearsal.keys import KEYS
from bot.spool.aside import find_aside, look_into, try_again
from bot.turns.take import TurnUnavailable
from bot.web.wechat.arrived import account_in
from tests.unit.wechat_edge.intakes import Process, Store, arrived, until


def left(folder: Path) -> list[str]:
    return [path.suffix for path in folder.iterdir()]


def seal_with_another_ring(folder: Path) -> None:
    [path] = folder.iterdir()
    path.write_bytes(path.read_bytes().replace(b'"kek": "', b'"kek": "of-another-ring-'))


async def test_what_comes_again_joins_what_is_on_its_way(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store) as one:
        store.slow.clear()
        first, again = one.intake.take(arrived("li", 1)), one.intake.take(arrived("li", 1))
        assert first is again
        store.slow.set()
        assert (await first.settled) is not None
    assert store.done == ["li 1"]
    assert store.tried == 1
    assert left(tmp_path) == []


async def test_a_user_s_pushes_wait_for_one_another_and_for_nobody_else_s(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store) as one:
        store.slow.clear()
        entries = [one.intake.take(arrived(user, number)) for number in range(3) for user in ("li", "wang")]
        await until(lambda: store.tried == 2)
        store.slow.set()
        await asyncio.gather(*(entry.settled for entry in entries))
    assert [said for said in store.done if said.startswith("li")] == ["li 0", "li 1", "li 2"]
    assert len(store.done) == 6


async def test_while_the_store_is_away_all_is_on_disk_and_goes_on_in_order(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store) as one:
        store.there = False
        entries = [one.intake.take(arrived("li", number)) for number in range(5)]
        await asyncio.gather(*map(one.intake.keep, entries))
        assert one.spool.waiting == 5
        assert store.tried == 1, "who is known to be away is not asked by every push"
        more = one.intake.take(arrived("wang", 1))
        await one.intake.keep(more)
        assert not any(entry.settled.done() for entry in entries)
        assert one.intake.take(arrived("li", 3)) is entries[3]
        store.there = True
        behind = one.intake.take(arrived("li", 5))
        await asyncio.gather(*(entry.settled for entry in (*entries, more, behind)))
        await until(lambda: not one.spool.waiting)
    assert [said for said in store.done if said.startswith("li")] == [f"li {number}" for number in range(6)]
    assert store.done.count("wang 1") == 1
    assert left(tmp_path) == []


async def test_what_was_acknowledged_survives_the_process_and_goes_before_what_comes(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store) as one:
        store.there = False
        entries = [one.intake.take(arrived("li", number)) for number in range(3)]
        await asyncio.gather(*map(one.intake.keep, entries))
    store.there = True
    async with Process(tmp_path, store) as two:
        last = two.intake.take(arrived("li", 3))
        assert (await last.settled) is not None
        await until(lambda: not two.spool.waiting)
    assert store.done == [f"li {number}" for number in range(4)]
    assert left(tmp_path) == []


async def test_two_processes_of_one_folder_keep_the_order(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store) as one, Process(tmp_path, store) as two:
        store.there = False
        processes = [one, two, one, two, two, one]
        entries = []
        for number, process in enumerate(processes):
            entries.append(process.intake.take(arrived("li", number)))
            await process.intake.keep(entries[-1])
        store.there = True
        await asyncio.gather(*(entry.settled for entry in entries))
        await until(lambda: not one.spool.waiting + two.spool.waiting)
    assert store.done == [f"li {number}" for number in range(6)]


async def test_what_finds_no_room_on_disk_is_not_safe(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store, limit=300) as one:
        store.there = False
        entry = one.intake.take(arrived("li", 1))
        with pytest.raises(TurnUnavailable):
            await one.intake.keep(entry)
        with pytest.raises(TurnUnavailable):
            await entry.settled
        store.there = True
        await one.intake._there.wait()
        # WeChat sends it again.
        assert (await one.intake.take(arrived("li", 1)).settled) is not None
    assert store.done == ["li 1"]


async def test_a_conversation_that_somebody_holds_is_tried_again_while_others_go_on(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store) as one:
        store.locked = {"li 1"}
        first, second = one.intake.take(arrived("li", 1)), one.intake.take(arrived("li", 2))
        assert (await first.settled) is not None
        assert (await second.settled) is not None
        await until(lambda: not one.spool.waiting)
    assert store.done == ["li 1", "li 2"]


async def test_a_push_that_breaks_what_takes_it_is_put_aside_and_tried_again_after_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.wechat.intake.AGAIN_S", 0.01)
    store = Store()
    async with Process(tmp_path, store) as one:
        store.breaks = {"li 1"}
        first, second = one.intake.take(arrived("li", 1)), one.intake.take(arrived("li", 2))
        assert await first.settled is None
        assert await second.settled is not None
        await until(lambda: not one.spool.waiting)
        assert store.done == ["li 2"]
        assert left(tmp_path) == [".aside"]
        [path] = find_aside(tmp_path, KEYS)
        [kept] = look_into(path, KEYS)
        assert kept.why.startswith("ZeroDivisionError\n")
        assert "intakes.py" in kept.why
        assert account_in(kept.content or b"") == "care"
        store.breaks = set()
        assert try_again(path, KEYS) == 1
        await until(lambda: not left(tmp_path))
    assert store.done == ["li 2", "li 1"]


async def test_what_is_kept_while_its_turn_goes_on_is_gone_after_it(tmp_path: Path) -> None:
    store = Store()
    async with Process(tmp_path, store) as one:
        store.slow.clear()
        entry = one.intake.take(arrived("li", 1))
        await one.intake.keep(entry)
        assert one.spool.waiting == 1
        store.slow.set()
        assert await entry.settled is not None
        await until(lambda: not one.spool.waiting)
    assert store.done == ["li 1"]
    assert left(tmp_path) == []


async def test_a_process_that_does_not_get_on_holds_nobody_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.wechat.intake.BEHIND_FOR_S", 0.5)
    cut_off, store = Store(), Store()
    cut_off.there = False
    async with Process(tmp_path, cut_off) as one, Process(tmp_path, store) as two:
        first = one.intake.take(arrived("li", 1))
        await one.intake.keep(first)
        assert await two.intake.take(arrived("li", 2)).settled is not None
        assert store.done == ["li 2"]
        assert not first.settled.done()


async def test_what_nobody_can_read_holds_nobody(tmp_path: Path) -> None:
    store = Store()
    store.there = False
    async with Process(tmp_path, store) as one:
        await one.intake.keep(one.intake.take(arrived("li", 1)))
    seal_with_another_ring(tmp_path)
    store.there = True
    async with Process(tmp_path, store) as two:
        assert await two.intake.take(arrived("li", 2)).settled is not None
        await until(lambda: not two.spool.waiting)
    assert store.done == ["li 2"]
    assert left(tmp_path) == [".spool"]


async def test_what_breaks_because_the_store_is_away_is_not_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.wechat.intake.AGAIN_S", 0.01)
    store = Store()
    async with Process(tmp_path, store) as one:
        store.breaks, store.slow = {"li 1"}, asyncio.Event()
        entry = one.intake.take(arrived("li", 1))
        await until(lambda: store.tried == 1)
        store.probes = False
        store.slow.set()
        await until(lambda: one.spool.waiting == 1)
        store.breaks, store.probes = set(), True
        assert await entry.settled is not None
        await until(lambda: not one.spool.waiting)
    assert store.done == ["li 1"]
    assert left(tmp_path) == []

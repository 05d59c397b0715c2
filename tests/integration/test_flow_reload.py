"""Flow files under a running process: replaced as a whole, kept by hash, old ones in force while new ones are wrong."""

import asyncio
import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.flows.catalogue import Catalogue
from bot.flows.model import Definitions
from bot.flows.reading import FlowFault, FlowFaults, flow_from_document
from bot.storage.flow_documents import FlowDocuments, load_document
from bot.storage.pool import Pool
from tests.unit.flows.files import WHOLE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A company's folder with one flow."""
    own = tmp_path / "flows"
    own.mkdir()
    write(own, WHOLE)
    return own


ticks = itertools.count(1)


def write(folder: Path, text: str) -> None:
    file = folder / "order.yml"
    file.write_text(text, encoding="utf-8")
    # The clock of a file system may be coarser than a test is quick.
    later = file.stat().st_mtime_ns + next(ticks) * 10_000_000
    os.utime(file, ns=(later, later))


def said(definitions: Definitions) -> str:
    return definitions.responses["utter_ask_colour"].variants[0].text["en"]


async def test_a_changed_file_is_in_force_at_the_next_look(folder: Path, pool: Pool) -> None:
    catalogue = Catalogue([folder], FlowDocuments(pool))
    await catalogue.open()
    before = catalogue.current
    assert await catalogue.refresh() is False
    write(folder, WHOLE.replace("What colour?", "Which one?"))
    assert await catalogue.refresh() is True
    assert (said(before), said(catalogue.current)) == ("What colour?", "Which one?")
    write(folder, f"# a comment\n{WHOLE.replace('What colour?', 'Which one?')}")
    assert await catalogue.refresh() is False


async def test_new_files_and_removed_ones_are_seen(folder: Path, pool: Pool) -> None:
    catalogue = Catalogue([folder], FlowDocuments(pool))
    await catalogue.open()
    (folder / "second.yml").write_text(
        WHOLE.replace("order:", "second:").replace("colour", "colour_2"), encoding="utf-8"
    )
    assert await catalogue.refresh()
    assert set(catalogue.current.flows) == {"order", "second"}
    (folder / "second.yml").unlink()
    assert await catalogue.refresh()
    assert set(catalogue.current.flows) == {"order"}


async def test_wrong_files_leave_the_old_definitions_in_force(folder: Path, pool: Pool) -> None:
    catalogue = Catalogue([folder], FlowDocuments(pool))
    await catalogue.open()
    before = catalogue.current
    write(folder, WHOLE.replace("type: text", "type: txt"))
    assert await catalogue.refresh() is False
    assert catalogue.current is before
    assert [(fault.line, fault.code) for fault in catalogue.faults] == [(8, "slot_type")]
    write(folder, WHOLE)
    assert await catalogue.refresh() is False  # nothing differs from what is in force
    assert catalogue.faults == ()


async def test_what_the_check_finds_keeps_files_out_too(folder: Path, pool: Pool) -> None:
    wrong: list[FlowFault] = []
    catalogue = Catalogue([folder], FlowDocuments(pool), lambda _definitions: wrong)
    await catalogue.open()
    wrong.append(FlowFault("order.yml", 2, "order", "dead_end"))
    write(folder, WHOLE.replace("What colour?", "Which one?"))
    assert await catalogue.refresh() is False
    assert (said(catalogue.current), catalogue.faults) == ("What colour?", tuple(wrong))


async def test_a_process_does_not_start_on_wrong_files(folder: Path, pool: Pool) -> None:
    write(folder, WHOLE.replace("type: text", "type: txt"))
    with pytest.raises(FlowFaults):
        await Catalogue([folder], FlowDocuments(pool)).open()


async def test_another_process_loads_the_version_that_a_conversation_began_with(folder: Path, pool: Pool) -> None:
    catalogue = Catalogue([folder], FlowDocuments(pool))
    await catalogue.open()
    began_with = catalogue.current.flows["order"]
    write(folder, WHOLE.replace("What colour?", "Which one?"))
    other = Catalogue([folder], FlowDocuments(pool))
    await other.open()
    assert other.flow(began_with.content_hash) is None
    document = await other.load(began_with.content_hash)
    assert document is not None
    assert flow_from_document(document) == began_with
    assert other.flow(began_with.content_hash) == began_with
    assert await other.load("0" * 64) is None
    async with pool.connection() as connection:
        assert await load_document(connection, began_with.content_hash) == document


async def test_an_older_version_stays_in_memory(folder: Path, pool: Pool) -> None:
    catalogue = Catalogue([folder], FlowDocuments(pool))
    await catalogue.open()
    began_with = catalogue.current.flows["order"]
    write(folder, WHOLE.replace("What colour?", "Which one?"))
    await catalogue.refresh()
    assert catalogue.flow(began_with.content_hash) is began_with


async def test_versions_are_written_once_and_by_many_at_once(folder: Path, pool: Pool) -> None:
    catalogues = [Catalogue([folder], FlowDocuments(pool)) for _ in range(5)]
    await asyncio.gather(*(catalogue.open() for catalogue in catalogues))
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT content_hash, source FROM bot.flow_documents")).fetchall()
    assert rows == [(catalogues[0].current.flows["order"].content_hash, "order.yml")]


class Away:
    """A store that can be taken away."""

    def __init__(self, inner: FlowDocuments) -> None:
        self.inner, self.away = inner, False

    async def keep(self, documents: Iterable[tuple[str, Mapping[str, Any], str]]) -> int:
        if self.away:
            raise psycopg.OperationalError("away")
        return await self.inner.keep(documents)

    async def load(self, content_hash: str) -> Mapping[str, Any] | None:
        return await self.inner.load(content_hash)


async def test_nothing_is_in_force_before_it_is_kept(folder: Path, pool: Pool) -> None:
    store = Away(FlowDocuments(pool))
    catalogue = Catalogue([folder], store)
    await catalogue.open()
    store.away = True
    write(folder, WHOLE.replace("What colour?", "Which one?"))
    with pytest.raises(psycopg.OperationalError):
        await catalogue.refresh()
    assert said(catalogue.current) == "What colour?"
    store.away = False
    assert await catalogue.refresh()
    assert said(catalogue.current) == "Which one?"


async def test_the_loop_outlives_a_store_that_is_away(folder: Path, pool: Pool) -> None:
    store = Away(FlowDocuments(pool))
    catalogue = Catalogue([folder], store)
    await catalogue.open()
    store.away = True
    write(folder, WHOLE.replace("What colour?", "Which one?"))
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        running = group.create_task(catalogue.run(every_s=0.02))
        await asyncio.sleep(0.2)
        store.away = False
        for _ in range(500):
            if said(catalogue.current) == "Which one?":
                break
            await asyncio.sleep(0.02)
        running.cancel()
    assert said(catalogue.current) == "Which one?"

"""The console's API of flows: what is in force, what is wrong with the files, and each flow as a graph."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.flows.catalogue import Catalogue
from bot.storage.flow_documents import FlowDocuments
from bot.storage.pool import Pool
from tests.integration.console_client import Browser, serving
from tests.unit.flows.files import EVERYTHING


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A company's flow file."""
    file = tmp_path / "own.yml"
    file.write_text(EVERYTHING, encoding="utf-8")
    return file


@pytest.fixture
async def catalogue(file: Path, pool: Pool) -> Catalogue:
    """The flows of that file."""
    catalogue = Catalogue([file.parent], FlowDocuments(pool))
    await catalogue.open()
    return catalogue


@pytest.fixture
async def browser(engine: AsyncEngine, catalogue: Catalogue) -> AsyncIterator[Browser]:
    """Somebody who may read articles, and so flows."""
    async with serving(engine, FLOWS=catalogue) as console:
        yield await console.signed_in("li", "agent")


async def test_the_flows_in_force_are_listed_with_their_files(browser: Browser, catalogue: Catalogue) -> None:
    body = (await browser.call("GET", "/api/flows", headers={"Accept-Language": "en"})).body
    assert [(flow["id"], flow["name"], flow["offered"], flow["steps"]) for flow in body["items"]] == [
        ("book_visit", "Book a visit", True, 5),
        ("pattern_search", "pattern_search", False, 1),
        ("sub", "Sub", False, 2),
    ]
    assert {(flow["file"], flow["own"]) for flow in body["items"]} == {("own.yml", True)}
    assert body["items"][0]["version"] == catalogue.current.flows["book_visit"].content_hash
    assert body["faults"] == []


async def test_what_is_wrong_with_the_files_is_told_while_the_old_are_in_force(
    browser: Browser, catalogue: Catalogue, file: Path
) -> None:
    line = EVERYTHING.splitlines().index("  blocked: {type: bool}") + 1
    await asyncio.to_thread(file.write_text, EVERYTHING.replace("{type: bool}", "{type: boolean}"), "utf-8")
    await catalogue.refresh()
    body = (await browser.call("GET", "/api/flows", headers={"Accept-Language": "zh-CN"})).body
    assert [(fault["file"], fault["line"]) for fault in body["faults"]] == [("own.yml", line)]
    assert body["faults"][0]["text"].startswith("没有“boolean”类型的槽位")
    assert len(body["items"]) == 3


async def test_a_flow_is_a_graph_in_the_readers_language(browser: Browser) -> None:
    body = (await browser.call("GET", "/api/flows/book_visit/graph", headers={"Accept-Language": "zh-TW"})).body
    assert [node["id"] for node in body["nodes"]][:2] == ["ask_day", "1_collect_size"]
    assert body["nodes"][0]["words"] == "哪天？"
    assert {"from": "1_collect_size", "to": "3_set_slots", "label": "否則"} in body["edges"]
    assert body["mermaid"].startswith("flowchart TD\n")
    assert (await browser.call("GET", "/api/flows/none/graph")).code == "unknown_flow"

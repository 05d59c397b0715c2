"""Whatever WeChat pushes is talk, has an effect, or is kept: no push is lost, and none raises."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.wechat.parse import parse
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.reading import read_tree
from bot.storage.blobs import BlobStore
from bot.web.wechat.arriving import Arrivals
from tests.integration.wechat_edge.pushed import ACCOUNT, AT, Pushed
from tests.unit.channels.wechat.pushing import OTHERS
from tests.unit.channels.wechat.samples import HEAD, SAMPLES

THEIRS = sorted((OTHERS / "xml").glob("*.xml"))
NOTED = "SELECT count(*) FROM bot.channel_events"
FREE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
EVENTS = sorted({str(one.fields["Event"]) for one in SAMPLES if "Event" in one.fields})


def arrivals(pushed: Pushed, folder: Path) -> Arrivals:
    return Arrivals(ACCOUNT, BlobStore(folder, pushed.pool, pushed.keys), {})


def numbered(tree: dict[str, Any], number: int) -> dict[str, Any]:
    """The push with an id of its own: many samples have the same one."""
    ids = {"MsgId": str(number)} if "MsgId" in tree else {}
    return {**tree, **ids, "CreateTime": str(AT + number)}


async def taken(pushed: Pushed, arriving: Arrivals, push: Push, text: str) -> bool:
    """Whether it became a message; everything else is noted."""
    now = datetime.now(UTC)
    [(before,)] = await pushed.rows(NOTED)
    await pushed.events.take(ACCOUNT, push, text, now)
    inbound = arriving.message(push, now)
    if inbound is not None:
        inbound = await arriving.whole(inbound, push, None)
        assert any(inbound.body.get(name) for name in ("text", "choice", "attachments")) or push_is_empty(push)
    [(after,)] = await pushed.rows(NOTED)
    assert after > before or inbound is not None
    return inbound is not None


def push_is_empty(push: Push) -> bool:
    """A text without words, as WeChat sends it for some emoji."""
    return not getattr(push, "content", "x").strip()


async def test_every_sample_is_taken(pushed: Pushed, tmp_path: Path) -> None:
    arriving = arrivals(pushed, tmp_path)
    became = []
    for number, sample in enumerate(SAMPLES):
        tree = numbered(read_tree(sample.json)[0], number)
        became.append(await taken(pushed, arriving, parse(tree, sample.json), sample.json))
    assert set(became) == {True, False}, "some are talk, the others are noted"


@pytest.mark.skipif(not THEIRS, reason="the folder shared is not here")
async def test_every_fixture_of_others_is_taken(pushed: Pushed, tmp_path: Path) -> None:
    arriving = arrivals(pushed, tmp_path)
    became = []
    for number, path in enumerate(THEIRS):
        text = path.read_text(encoding="utf-8")
        tree = numbered(read_tree(text)[0], number)
        became.append(await taken(pushed, arriving, parse(tree, text), text))
    assert set(became) == {True, False}, "some are talk, the others are noted"


async def test_whatever_stands_in_an_event_it_is_taken_once(pushed: Pushed, tmp_path: Path) -> None:
    arriving = arrivals(pushed, tmp_path)
    loop = asyncio.get_running_loop()
    number = iter(range(10_000))

    async def one(name: str, fields: Mapping[str, Any]) -> None:
        tree = {**HEAD, **fields, "MsgType": "event", "Event": name, "CreateTime": str(AT + next(number))}
        push = parse(tree, str(tree))
        await taken(pushed, arriving, push, str(tree))
        [(before,)] = await pushed.rows(NOTED)
        await pushed.events.take(ACCOUNT, push, str(tree), datetime.now(UTC))
        assert await pushed.rows(NOTED) == [(before,)]

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        st.sampled_from(EVENTS) | FREE,
        st.dictionaries(
            st.sampled_from(["EventKey", "Ticket", "KfAccount", "OrderId", "MsgID", "Status", "Fee", "Latitude"]), FREE
        ),
    )
    def whatever(name: str, fields: Mapping[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(one(name, fields), loop).result(20)

    await asyncio.to_thread(whatever)

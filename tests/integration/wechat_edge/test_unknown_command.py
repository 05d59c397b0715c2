"""``yingda wechat unknown``: what nobody understands is shown as it came, and that it was read is on record."""

import asyncio

import pytest
from sqlalchemy import text

from bot.storage.database import Addresses, make_engine
from bot.storage.pool import make_pool
from tests.integration.test_contact_commands import run  # noqa: F401 - a fixture
from tests.integration.wechat_edge.pushed import Pushed, xml

READ = text("SELECT data_kind, cardinality(contact_ids) FROM crm.access_log")


@pytest.fixture
def pushing(addresses: Addresses, settings, keys):
    """Takes pushes in a process of before; then the access log's rows."""

    def take(*pushes: str) -> list[tuple[object, ...]]:
        async def taking() -> list[tuple[object, ...]]:
            engine = make_engine(addresses.application_url, settings)
            async with make_pool(addresses.application_url, settings) as pool:
                pushed = Pushed(pool, engine, keys, settings)
                for one in pushes:
                    await pushed.take(one)
            async with engine.connect() as connection:
                rows = [tuple(row) for row in await connection.execute(READ)]
            await engine.dispose()
            return rows

        return asyncio.run(taking())

    return take


def test_what_nobody_understands_is_shown_as_it_came(run, pushing):  # noqa: F811
    assert run("wechat", "--locale", "en", "unknown")[:2] == (0, "Nothing came that nobody understands.\n")
    of_nobody, of_somebody = xml("event", event="verify_expired"), xml("hologram", MsgId=1, Beam="b")
    assert pushing(of_nobody, of_somebody, xml("event", event="CLICK", EventKey="k")) == []
    code, out, err = run("wechat", "unknown")
    assert code == 0, err
    heads, texts = out.splitlines()[::2], out.splitlines()[1::2]
    assert texts == [of_somebody, of_nobody]
    assert [head.split("  ")[1:] for head in heads] == [["care", "unknown"]] * 2
    assert pushing() == [("channel_events", 1)]

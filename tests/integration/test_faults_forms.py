"""kill -9 between any two turns of a form, and inside its action: the form goes on, and there is one case."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.storage.database import Addresses
from tests.servers import LiveServer

FORM = (
    {"choice": "start(open_complaint)", "text": "…"},
    {"text": "水壶漏水，用了三天就坏了"},
    {"choice": "skip", "text": "…"},
    {"text": "退款"},
    {"text": "13800138000"},
)
CONFIRM = {"text": "对"}
CASES = "SELECT count(*) FROM crm.cases"
IN_AN_ACTION = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%crm.cases%'
"""


@pytest.fixture
def server(addresses: Addresses, tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(addresses, tmp_path) as server:
        yield server


class Visitor:
    """One customer's browser: what is not acknowledged is sent again."""

    def __init__(self, http: aiohttp.ClientSession, server: LiveServer, token: str) -> None:
        self._http, self._server, self._token = http, server, token
        self._sent = 0

    @classmethod
    async def come(cls, http: aiohttp.ClientSession, server: LiveServer) -> "Visitor":
        async with http.post(f"{server.url}/channels/shop/session", json={"locale": "zh-Hans"}) as response:
            return cls(http, server, (await response.json())["token"])

    async def say(self, body: dict[str, str], *, again: bool = False) -> str:
        """The answers to a message, or to the last one when it is sent again."""
        self._sent += not again
        frame = {"client_msg_id": f"m{self._sent}", **body}
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self._server.url}/channels/shop/messages"
        async with self._http.post(url, json=frame, headers=headers) as response:
            assert response.status == 200, await response.text()
            return "\n".join(line["body"].get("text", "") for line in (await response.json())["messages"])


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1500):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to that")


def one(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.slow
async def test_a_form_survives_a_kill_after_each_of_its_turns(server: LiveServer, addresses: Addresses) -> None:
    async with aiohttp.ClientSession() as http:
        visitor = await Visitor.come(http, server)
        for body in (*FORM, CONFIRM):
            answer = await visitor.say(body)
            server.kill()
            await asyncio.to_thread(server.start)
            assert await visitor.say(body, again=True) == answer
    assert "48" in answer
    with psycopg.connect(addresses.application_url) as connection:
        assert one(connection, CASES) == 1
        assert one(connection, "SELECT count(*) FROM bot.messages WHERE direction = 'in'") == len(FORM) + 1


async def test_a_kill_inside_an_action_leaves_nothing_and_the_form_goes_on(
    server: LiveServer, addresses: Addresses
) -> None:
    async with aiohttp.ClientSession() as http:
        visitor = await Visitor.come(http, server)
        for body in FORM:
            await visitor.say(body)
        with (
            psycopg.connect(addresses.owner_url) as holding,
            psycopg.connect(addresses.application_url, autocommit=True) as looking,
        ):
            holding.execute("LOCK TABLE crm.cases IN SHARE MODE")
            confirming = asyncio.create_task(visitor.say(CONFIRM))
            await until(lambda: one(looking, IN_AN_ACTION) > 0)
            server.kill()
            with pytest.raises(aiohttp.ClientError):
                await confirming
        await asyncio.to_thread(server.start)
        assert "48" in await visitor.say(CONFIRM, again=True)
        assert "48" in await visitor.say(CONFIRM, again=True)
    with psycopg.connect(addresses.application_url) as connection:
        assert one(connection, CASES) == 1
        assert one(connection, "SELECT count(*) FROM bot.attempts") == 0


async def test_an_action_that_waits_too_long_is_told_to_the_customer(server: LiveServer, addresses: Addresses) -> None:
    async with aiohttp.ClientSession() as http:
        visitor = await Visitor.come(http, server)
        for body in FORM:
            await visitor.say(body)
        with psycopg.connect(addresses.owner_url) as holding:
            holding.execute("LOCK TABLE crm.cases IN SHARE MODE")
            async with asyncio.timeout(40):
                assert await visitor.say(CONFIRM)
        with psycopg.connect(addresses.application_url) as connection:
            assert one(connection, CASES) == 0
            assert one(connection, "SELECT count(*) FROM bot.conversations WHERE owner = 'queue'") == 1

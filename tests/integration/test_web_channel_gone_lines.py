"""A thread whose lines are gone, by an erasure or by their age: whoever keeps a copy drops it, and goes on."""

import asyncio
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.storage.database import Addresses
from tests.integration.chat_calls import connect, token_of
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

Socket = aiohttp.ClientWebSocketResponse


async def run(addresses: Addresses, *statements: str) -> None:
    async with await psycopg.AsyncConnection.connect(addresses.owner_url, autocommit=True) as connection:
        for statement in statements:
            await connection.execute(statement)


async def write(socket: Socket, number: int) -> int:
    """Sends a text; the ``seq`` that acknowledges it."""
    await socket.send_json({"type": "send", "client_msg_id": f"m{number}", "text": "怎么退货？"})
    while (frame := await socket.receive_json(timeout=15))["type"] != "ack":
        pass
    return int(frame["seq"])


async def come(socket: Socket) -> list[dict[str, Any]]:
    """What there is to come."""
    frames: list[dict[str, Any]] = []
    await socket.send_json({"type": "ping"})
    while (frame := await socket.receive_json(timeout=15))["type"] != "pong":
        frames.append(frame)
    return frames


async def restart(socket: Socket) -> list[int]:
    """The ``seq`` of every line that follows a reset and its welcome."""
    while (await socket.receive_json(timeout=30))["type"] != "reset":
        pass
    assert (await socket.receive_json(timeout=15))["type"] == "welcome"
    return [frame["seq"] for frame in await come(socket) if frame["type"] == "message"]


async def test_who_was_erased_begins_anew_in_every_open_tab(live_server: LiveServer) -> None:
    async with aiohttp.ClientSession() as session:
        token = await token_of(session, live_server)
        one, two = await connect(session, live_server, token), await connect(session, live_server, token)
        for number in range(3):
            await write(one, number)
        await come(two)
        await run(
            live_server.addresses,
            "SELECT crm.erase_people(array_agg(i.contact_id), '{}') FROM bot.conversations c"
            " JOIN crm.identities i ON i.id = c.identity_id",
        )
        await one.send_json({"type": "send", "client_msg_id": "after", "text": "怎么退货？"})
        lines = await restart(one)
        assert lines == list(range(1, len(lines) + 1))
        assert await restart(two) == lines
        assert await write(two, 4) == len(lines) + 1, "and it goes on"
        assert [frame["type"] for frame in await come(two)] == ["message"] * 2


async def test_lines_that_are_gone_by_their_age_are_not_waited_for(live_server: LiveServer) -> None:
    async with aiohttp.ClientSession() as session:
        token = await token_of(session, live_server)
        headers = {"Authorization": f"Bearer {token}"}

        async def poll(wait: int = 0) -> dict[str, Any]:
            address = f"{live_server.url}/channels/shop/messages?after=0&wait={wait}"
            async with session.get(address, headers=headers) as response:
                return dict(await response.json())

        writer = await connect(session, live_server, token)
        for number in range(3):
            last = await write(writer, number) + 1
        await come(writer)
        await run(
            live_server.addresses,
            "UPDATE bot.messages SET at = at - interval '2 days' WHERE seq <= 2",
            "SELECT bot.forget_messages(now() - interval '1 day', 1000, false)",
        )
        left = list(range(3, last + 1))
        page = await poll()
        assert (page["reset"], [line["seq"] for line in page["messages"]]) == (True, left)
        async with session.ws_connect(f"{live_server.url}/channels/shop/socket", protocols=["yingda.v1"]) as reader:
            await reader.send_json({"type": "hello", "token": token, "last_seq": 0})
            assert await restart(reader) == left

        await run(live_server.addresses, "SELECT bot.forget_messages(now(), 1000, false)")
        assert (await poll())["messages"] == []
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(poll(wait=25))
            seq = await write(writer, 3)
        page = waiting.result()
        assert (page["reset"], page["messages"][0]["seq"]) == (True, seq), "the poll waited for it"

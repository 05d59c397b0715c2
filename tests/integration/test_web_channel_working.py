"""Open chats are told what goes on outside after a turn, and that it has ended; other turns say nothing of it."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.settings.house import Turn
from bot.storage.database import Addresses
from tests.integration.chat_calls import connect, token_of
from tests.integration.outside_shop import OUTSIDE_ACTION_S, outside_shop

pytestmark = pytest.mark.heavy

WITHIN_S = int(Turn(outside_action_s=OUTSIDE_ACTION_S).outside_s)


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> list[dict[str, Any]]:
    """What comes, up to the first frame of that kind."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] != kind:
        frames.append(await socket.receive_json(timeout=15))
    return frames


async def rest(socket: aiohttp.ClientWebSocketResponse) -> list[str]:
    """The kinds of what is still to come of what has happened."""
    await socket.send_json({"type": "ping"})
    return [frame["type"] for frame in await until(socket, "pong")]


async def test_every_open_chat_is_told_that_an_outside_server_is_asked(
    demo_addresses: Addresses, tmp_path: Path
) -> None:
    async with outside_shop(demo_addresses, tmp_path) as (server, outside), aiohttp.ClientSession() as session:
        token = await token_of(session, server)
        one, two = await connect(session, server, token), await connect(session, server, token)
        await one.send_json({"type": "send", "client_msg_id": "m1", "choice": "start(ask_outside)"})
        await until(one, "ack")
        assert "working" not in await rest(one), "a turn without an outside action says nothing"

        outside.may_answer.clear()
        await one.send_json({"type": "send", "client_msg_id": "m2", "text": "茶壶"})
        working = [(await until(tab, "working"))[-1] for tab in (one, two)]
        assert working[0] == working[1] == {"type": "working", "seq": working[0]["seq"], "within_s": WITHIN_S}
        await one.send_json({"type": "send", "client_msg_id": "m2b", "text": "怎么退货？"})
        for tab in (one, two):
            again = (await until(tab, "working"))[-1]
            assert again["seq"] > working[0]["seq"], "what is answered meanwhile is not what is waited for"
        outside.may_answer.set()
        for tab in (one, two):
            while (message := (await until(tab, "message"))[-1])["seq"] <= again["seq"]:
                pass
            assert message["body"]["text"] == "完成 7"
            assert "working" not in await rest(tab)

        await one.send_json({"type": "send", "client_msg_id": "m3", "choice": "start(ask_outside)"})
        await until(one, "ack")
        outside.may_answer.clear()
        await one.send_json({"type": "send", "client_msg_id": "m4", "text": "茶杯"})
        for tab in (one, two):
            await until(tab, "working")
        async with await psycopg.AsyncConnection.connect(demo_addresses.owner_url, autocommit=True) as connection:
            await connection.execute("UPDATE bot.conversations SET owner = 'queue', fence = fence + 1")
        outside.may_answer.set()
        for tab in (one, two):
            assert (await until(tab, "working"))[-1]["within_s"] == 0, "a person has it: nothing will be answered"


async def test_without_sockets_it_is_told_too(demo_addresses: Addresses, tmp_path: Path) -> None:
    async with outside_shop(demo_addresses, tmp_path) as (server, outside), aiohttp.ClientSession() as session:
        address = f"{server.url}/channels/shop/messages"
        headers = {"Authorization": f"Bearer {await token_of(session, server)}"}

        async def post(number: int, **message: str) -> dict[str, Any]:
            frame = {"client_msg_id": f"m{number}", **message}
            async with session.post(address, json=frame, headers=headers) as response:
                return dict(await response.json())

        async def poll(after: int) -> dict[str, Any]:
            async with session.get(f"{address}?after={after}&wait=25", headers=headers) as response:
                return dict(await response.json())

        begun = await post(1, choice="start(ask_outside)")
        assert "working" not in begun
        outside.may_answer.clear()
        async with asyncio.TaskGroup() as tasks:
            elsewhere = tasks.create_task(poll(begun["messages"][-1]["seq"]))
            asked = await post(2, text="茶壶")
        assert asked["working"] == {"seq": asked["messages"][-1]["seq"], "within_s": WITHIN_S}
        assert elsewhere.result().get("working", asked["working"]) == asked["working"]
        outside.may_answer.set()
        answered = await poll(asked["working"]["seq"])
        assert answered["messages"][-1]["body"]["text"] == "完成 7"
        assert "working" not in answered

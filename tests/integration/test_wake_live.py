"""Silence at running servers: told once, whichever server sees it first, also to who came before a restart."""

import asyncio
from pathlib import Path

import aiohttp

from bot.storage.database import Addresses
from bot.storage.pool import Pool
from tests.integration.chat_calls import token_of
from tests.servers import LiveServer

QUICK = {"YINGDA_FLOWS__REMIND_AFTER_MIN": "0.03", "YINGDA_FLOWS__PARK_AFTER_MIN": "0.15"}


async def begin_a_form(server: LiveServer) -> None:
    async with aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {await token_of(http, server)}"}
        for number, more in enumerate(({"choice": "start(open_complaint)"}, {})):
            frame = {"client_msg_id": f"m{number}", "text": "The kettle leaks", **more}
            async with http.post(f"{server.url}/channels/shop/messages", json=frame, headers=headers) as response:
                assert response.status == 200, await response.text()


async def told(pool: Pool) -> int:
    """How often the bot has spoken by itself; in several lines perhaps."""
    query = """
        SELECT count(DISTINCT m.in_reply_to) FROM bot.messages m
         WHERE m.author = 'bot' AND NOT EXISTS (SELECT FROM bot.messages q WHERE q.id = m.in_reply_to)
    """
    async with pool.connection() as connection:
        row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return int(row[0])


async def wait_for(pool: Pool, number: int) -> None:
    for _ in range(600):
        if await told(pool) >= number:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"said by itself: {await told(pool)}")


async def test_two_servers_remind_once_and_put_the_form_aside_once(
    addresses: Addresses, pool: Pool, tmp_path: Path
) -> None:
    with LiveServer(addresses, tmp_path, **QUICK) as one, LiveServer(addresses, tmp_path, **QUICK):
        await begin_a_form(one)
        await wait_for(pool, 2)
        await asyncio.sleep(3)
        async with pool.connection() as connection:
            row = await (await connection.execute("SELECT count(*) FROM bot.parked_flows")).fetchone()
        assert row == (1,)
        assert await told(pool) == 2  # the reminder, and that the form was put aside


async def test_silence_that_fell_while_no_server_ran_is_told_by_the_next(
    addresses: Addresses, pool: Pool, tmp_path: Path
) -> None:
    server = LiveServer(addresses, tmp_path, **QUICK)
    with server:
        await begin_a_form(server)
        server.kill()
        before = await told(pool)  # nothing, but for a machine that took two seconds for the kill
        await asyncio.sleep(2.5)
        await asyncio.to_thread(server.start)
        await wait_for(pool, before + 1)

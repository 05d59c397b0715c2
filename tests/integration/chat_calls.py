"""What a customer's browser asks of a running server, in as few lines as a test wants to read."""

import aiohttp

from tests.servers import LiveServer

TRACE_ID = "ab" * 16


async def token_of(session: aiohttp.ClientSession, server: LiveServer) -> str:
    """A new visitor's token."""
    async with session.post(f"{server.url}/channels/shop/session", json={"locale": "en"}) as response:
        return str((await response.json())["token"])


async def say(session: aiohttp.ClientSession, server: LiveServer, token: str, text: str) -> list[str]:
    """Sends a visitor's first message under :data:`TRACE_ID`; the texts of its answers."""
    headers = {"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE_ID}-{'cd' * 8}-01"}
    frame = {"client_msg_id": "m1", "text": text}
    async with session.post(f"{server.url}/channels/shop/messages", json=frame, headers=headers) as response:
        assert response.status == 200, await response.text()
        return [message["body"].get("text", "") for message in (await response.json())["messages"]]


async def connect(session: aiohttp.ClientSession, server: LiveServer, token: str) -> aiohttp.ClientWebSocketResponse:
    """A socket that has been welcomed."""
    socket = await session.ws_connect(f"{server.url}/channels/shop/socket", protocols=["yingda.v1"])
    await socket.send_json({"type": "hello", "token": token, "last_seq": 0})
    assert (await socket.receive_json(timeout=20))["type"] == "welcome"
    return socket

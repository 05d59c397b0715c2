"""An emulated WeChat and a bot of a few lines, both on loopback; the bot answers what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer

from emulators.wechat.server import WORLD, build_app
from emulators.wechat.settings import AccountSettings, Settings
from emulators.wechat.world import World

TOKEN = "token-of-tests"
KEY = "q8Fh2k5Lz0Wm7Rt4Yc1Xb6Nv3Gj9Pd8Se5Ua2Io7HeA"
OTHER_KEY = "Zx9Cv8Bn7Mq6Wl5Ek4Rj3Th2Yg1Uf0Id9Os8Pa7SdLA"


def account(name: str = "shop", number: int = 1, **changes: Any) -> AccountSettings:
    """A verified service account in plain mode, unless told otherwise."""
    document: dict[str, Any] = {
        "name": name,
        "appid": f"wx{number:016x}",
        "secret": f"secret-of-{name}",
        "original_id": f"gh_{number:012x}",
        "token": TOKEN,
        "aes_key": KEY,
    }
    return AccountSettings.model_validate(document | changes)


@dataclass(frozen=True)
class Received:
    """One request that reached the bot: its query, its raw body and, where it is plain XML, its fields."""

    method: str
    query: dict[str, str]
    body: bytes
    content_type: str

    @property
    def fields(self) -> dict[str, str]:
        return {child.tag: child.text or "" for child in ElementTree.fromstring(self.body)}


HURRY = {"scale": 0.02, "timeout_s": 5.0, "spacing_s": 5.0}
"""For bots that are not to answer in time."""

Answer = Callable[[Received], Awaitable[bytes | web.Response]]


async def silent(_: Received) -> bytes:
    return b"success"


def text_reply(received: Received, text: str) -> bytes:
    """A passive answer in plain XML."""
    fields = received.fields
    return (
        f"<xml><ToUserName><![CDATA[{fields.get('FromUserName')}]]></ToUserName>"
        f"<FromUserName><![CDATA[{fields['ToUserName']}]]></FromUserName><CreateTime>1</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content>{escape(text)}</Content></xml>"
    ).encode()


class Lab:
    """What a test holds: the control API, WeChat's API, the bot's ears and its mouth."""

    def __init__(self, client: ClientSession, emulator: TestServer, world: World) -> None:
        self.client = client
        self.emulator = emulator
        self.world = world
        self.received: list[Received] = []
        self.answer: Answer = silent
        self.arrived = asyncio.Event()

    async def hear(self, request: web.Request) -> web.Response:
        """The bot."""
        received = Received(request.method, dict(request.query), await request.read(), request.content_type)
        self.received.append(received)
        self.arrived.set()
        answer = await self.answer(received)
        return answer if isinstance(answer, web.Response) else web.Response(body=answer)

    async def control(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """A call of the control API, which must succeed unless ``status`` is given."""
        url = self.emulator.make_url(f"/control{path}")
        async with self.client.request(method, url, json=body) as response:
            document = await response.json()
            assert response.status == status if status else response.status < 300, document
            return document

    async def act(self, user: str, act: str, status: int | None = None, **body: Any) -> Any:
        """Something a user does."""
        return await self.control("POST", f"/users/{user}/{act}", body, status)

    async def do(self, user: str, act: str, **body: Any) -> dict[str, Any]:
        """Something a user does, until its push is settled: the push."""
        done = await self.act(user, act, **body)
        settled = await self.control("GET", f"/deliveries/{done['deliveries'][-1]}?wait=10")
        assert settled["settled"]
        return dict(settled)

    async def lines(self, user: str, **query: Any) -> list[dict[str, Any]]:
        """What a phone shows."""
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return list((await self.control("GET", f"/users/{user}/phone?{words}"))["lines"])

    async def shown(self, user: str, **query: Any) -> list[tuple[str, str, Any]]:
        """How, what kind and what text was shown to a user by others."""
        lines = await self.lines(user, **query)
        return [(one["how"], one["type"], one["content"].get("content")) for one in lines if one["how"] != "user"]

    async def user(self, name: str = "li", *accounts: str) -> str:
        """A user who follows; returns the openid with the first account."""
        made = await self.control("POST", "/users", {"user": name, "follow": list(accounts or ("shop",))})
        return str(made["users"][0]["openids"][accounts[0] if accounts else "shop"])

    async def get(self, path: str, **query: str) -> Any:
        """A GET of WeChat's API."""
        async with self.client.get(self.emulator.make_url(path), params=query) as response:
            return await response.json(content_type=None)

    async def post(self, path: str, body: Any, **query: str) -> Any:
        """A POST of WeChat's API."""
        async with self.client.post(self.emulator.make_url(path), params=query, json=body) as response:
            return await response.json(content_type=None)

    async def token(self, name: str = "shop") -> str:
        """A stable token of an account."""
        settings = self.world.account_named(name).settings
        body = {"grant_type": "client_credential", "appid": settings.appid, "secret": settings.secret}
        return str((await self.post("/cgi-bin/stable_token", body))["access_token"])

    async def call(self, path: str, body: Any = None, account: str = "shop", **query: str) -> Any:
        """A call with a token; a POST where there is a body."""
        token = await self.token(account)
        if body is None:
            return await self.get(path, access_token=token, **query)
        return await self.post(path, body, access_token=token, **query)

    async def send(self, openid: str, text: str = "hello", account: str = "shop") -> int:
        """Sends a customer-service text; the errcode."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return int((await self.call("/cgi-bin/message/custom/send", body, account))["errcode"])


@asynccontextmanager
async def lab(*accounts: AccountSettings, **settings: Any) -> AsyncIterator[Lab]:
    """Starts both; a bot has five seconds, what fails at once is tried again after a tenth (``HURRY``: all a tenth)."""
    delivery = {"scale": 0.2, "timeout_s": 25.0, "spacing_s": 0.5} | settings.pop("delivery", {})
    bot_app = web.Application()
    bot = TestServer(bot_app)
    chosen = accounts or (account(),)
    whole = {"accounts": [one.model_dump() for one in chosen], "delivery": delivery, **settings}
    app = build_app(Settings.model_validate(whole))
    emulator = TestServer(app)
    async with ClientSession(connector=TCPConnector(limit=0)) as client:
        running = Lab(client, emulator, app[WORLD])
        bot_app.router.add_route("*", "/wechat/{account}", running.hear)
        await bot.start_server()
        try:
            await emulator.start_server()
            try:
                for one in chosen:
                    url = str(bot.make_url(f"/wechat/{one.name}"))
                    await running.control("PATCH", f"/accounts/{one.name}", {"push_url": url})
                yield running
            finally:
                await emulator.close()
        finally:
            await bot.close()

"""Runs the lab: the emulator, then the servers, then what makes the phone worth looking at; all of it ends together."""

import asyncio
import fcntl
import json
import re
import secrets
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, Any, TypeVar

import aiohttp
from aiohttp import web

from bot.channels.wechat.api import WechatFault, open_client
from bot.channels.wechat.api.menus import DEMO, MenuFaults, read_menu, to_wechat
from bot.faults import StartFault
from bot.lab.accounts import emulated
from bot.lab.agent import AGENT, CommandFailed, agent_link
from bot.lab.balance import Balance
from bot.lab.children import Child
from bot.lab.following import Follower
from bot.lab.phones import Phones, PhonesFault
from bot.lab.surroundings import HOST, Surroundings, keep_secret
from bot.lab.words import Saying, words
from bot.settings import Locale, WechatAccount
from bot.storage.database import Say

EMULATOR_WITHIN_S = 30.0
SERVER_WITHIN_S = 300.0
"""The first start makes a database and learns the articles."""
SERVER_STOPS_S = 90.0
"""Its own drain, and the end of the database."""
EMULATOR_STOPS_S = 10.0
LOGS = ("server.log", "second-server.log")
QR_SCENE = "shop-poster"
_LOOK_S = 0.1
_CALL_S = 15.0
_WELCOME = re.compile(r"http://\S+/console/#/welcome\?token=\S+")
"""A server's start makes a new link for the first administrator and the old one void."""
_Found = TypeVar("_Found")


class LabFault(StartFault):
    """The lab cannot be started; the message says what stood in the way."""


async def run_lab(
    surroundings: Surroundings,
    say: Say,
    locale: Locale,
    users: int = 3,
    faults: Sequence[str] = (),
    show: Callable[[str], object] | None = None,
) -> int:
    """Until SIGINT, SIGTERM or SIGHUP: 0; 1 when a part that cannot be done without has ended by itself.

    ``users``: how many phones there are; ``faults``: names of :data:`bot.lab.phones.FAULTS`; ``show`` is given the
    phone's address and may block. Raises :class:`LabFault`.
    """
    if (lock := _locked(surroundings.folder)) is None:
        raise LabFault(words("runs", locale, folder=surroundings.folder))
    with lock:
        return await _run(_Lab(surroundings, say, locale, show), users, faults)


async def _run(lab: "_Lab", users: int, faults: Sequence[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, lab.over.set)
    opening = asyncio.create_task(lab.open(users, faults), name="opening the lab")
    opening.add_done_callback(lab.opened)
    try:
        await lab.over.wait()
    finally:
        opening.cancel()
        [outcome] = await asyncio.gather(opening, return_exceptions=True)
        await lab.close()
    if isinstance(outcome, Exception):
        raise outcome
    return 1 if lab.failed else 0


class _Lab:
    def __init__(
        self, surroundings: Surroundings, say: Say, locale: Locale, show: Callable[[str], object] | None
    ) -> None:
        self.over = asyncio.Event()
        self.failed = False
        self._surroundings = surroundings
        self._out = say
        self._locale: Locale = locale
        self._show = show
        self._emulator: Child | None = None
        self._servers: list[Child] = []
        self._followers: list[Follower] = []
        self._watches: list[asyncio.Task[None]] = []
        self._held = AsyncExitStack()

    async def open(self, users: int, faults: Sequence[str]) -> None:
        around = self._surroundings
        for name in around.replaced:
            self._say("replaced", name=name)
        self._say("starting", folder=around.folder)
        session = await self._held.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_S))
        )
        pushes = await self._pushes_to(session)
        phones = Phones(session, around.emulator_url)
        await self._start_emulator(pushes, phones)
        if users:
            await self._ask(phones.add_users(users))
        for fault in faults:
            await self._ask(phones.add_fault(fault))
        for place in range(len(around.server_urls)):
            await self._start_server(place, session)
        for follower in self._followers:
            await follower.quiet()
        link = await self._ask(agent_link(around.environments[0]))
        self._say("ready")
        for account in around.accounts:
            if not await self._ask(phones.verify(account.name)):
                raise LabFault(words("unverified", self._locale, name=account.name))
            await self._furnish(account)
        self._tell_links(phones, link)
        if self._show is not None:
            await asyncio.to_thread(self._show, phones.page(around.accounts[0].name))

    def opened(self, opening: "asyncio.Task[None]") -> None:
        """Whatever keeps the lab from opening ends it."""
        if opening.cancelled() or opening.exception() is not None:
            self.over.set()

    async def close(self) -> None:
        """The servers first: their last answers still find the emulator."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        if any(child.ended is None for child in self._servers):
            self._say("stopping")
        await asyncio.gather(*(child.stop(SERVER_STOPS_S) for child in self._servers))
        for follower in self._followers:
            follower.rest()
        if self._emulator is not None:
            await self._emulator.stop(EMULATOR_STOPS_S)
        await self._held.aclose()

    async def _pushes_to(self, session: aiohttp.ClientSession) -> str:
        servers = self._surroundings.server_urls
        if len(servers) == 1:
            return servers[0]
        runner = web.AppRunner(Balance(session, servers).app(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._held.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, HOST, 0).start()
        return f"http://{HOST}:{runner.addresses[0][1]}"

    async def _start_emulator(self, pushes: str, phones: Phones) -> None:
        around = self._surroundings
        document: dict[str, Any] = {
            "accounts": [emulated(one, f"{pushes}/channels/{one.name}/webhook") for one in around.accounts],
            # Other people each time: nobody's conversation of yesterday goes on in a phone that knows nothing of it.
            "seed": secrets.randbits(31),
        }
        config = keep_secret(around.folder / "wechat.json", json.dumps(document, ensure_ascii=False))
        port = around.emulator_url.rpartition(":")[2]
        command = ["emulators.wechat", "--host", HOST, "--port", port, "--config", str(config)]
        log = around.folder / "wechat.log"
        self._emulator = await Child.start("emulators.wechat", command, around.emulator_environment, log)
        self._watch(self._emulator)
        await self._until(phones.there, self._emulator, EMULATOR_WITHIN_S)

    async def _start_server(self, place: int, session: aiohttp.ClientSession) -> None:
        around = self._surroundings
        url = around.server_urls[place]
        log = around.folder / LOGS[place]
        server = await Child.start(f"yingda serve ({url})", ["bot", "serve"], around.environments[place], log)
        self._servers.append(server)
        self._watch(server)
        follower = Follower(log, self._out if place == 0 else _nobody)  # the second one would only repeat it
        self._followers.append(follower)
        self._watches.append(asyncio.create_task(follower.run(), name="following the server"))

        async def ready() -> bool:
            try:
                async with session.get(f"{url}/readyz") as answer:
                    return answer.status == 200
            except (aiohttp.ClientError, TimeoutError):
                return False

        await self._until(ready, server, SERVER_WITHIN_S)

    async def _furnish(self, account: WechatAccount) -> None:
        """A menu, and a QR code to scan."""
        try:
            buttons = read_menu(account.menu_file or DEMO)
            async with open_client(account) as client:
                await client.create_menu(to_wechat(buttons))
                await client.create_qr_code(QR_SCENE)
        except MenuFaults as wrong:
            self._say("no_menu", name=account.name, why=wrong.faults[0].line_in(self._locale))
        except WechatFault as fault:
            self._say("no_menu", name=account.name, why=fault.explain(self._locale))
        else:
            self._say("menu", name=account.name)

    def _tell_links(self, phones: Phones, agent: str | None) -> None:
        around = self._surroundings
        for account in around.accounts:
            self._say("phone", url=phones.page(account.name))
        self._say("console", url=f"{around.server_urls[0]}/console/")
        if agent:
            self._say("agent", url=agent, name=AGENT)
        self._say("shop", url=f"{around.server_urls[0]}/demo/")
        for url in around.server_urls[1:]:
            log = around.folder / LOGS[1]
            self._say("second", url=f"{url}/console/", log=log)
            for link in _WELCOME.findall(log.read_text(encoding="utf-8")):
                self._say("sign_in", url=link)
        self._say("data", folder=around.folder)
        self._say("stop")

    def _watch(self, child: Child) -> None:
        async def watch() -> None:
            code = await child.wait()
            if child in self._servers and any(one.ended is None for one in self._servers):
                self._say("goes_on", name=child.name, code=code)
                return
            self.failed = True
            self._say("ended", name=child.name, code=code)
            if child is self._emulator and (last := child.last_words()):
                self._out(last)
            self.over.set()

        self._watches.append(asyncio.create_task(watch(), name=f"watching {child.name}"))

    async def _until(self, there: Callable[[], Awaitable[bool]], child: Child, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while True:
                    if await there():
                        return
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise LabFault(words("too_slow", self._locale, name=child.name, seconds=round(within_s))) from None

    async def _ask(self, call: Awaitable[_Found]) -> _Found:
        try:
            return await call
        except CommandFailed as fault:
            raise LabFault(str(fault)) from None
        except (PhonesFault, aiohttp.ClientError, TimeoutError) as fault:
            raise LabFault(f"emulators.wechat: {fault}") from None

    def _say(self, saying: Saying, **values: object) -> None:
        self._out(words(saying, self._locale, **values))


def _locked(folder: Path) -> IO[bytes] | None:
    """The folder's lock for as long as it is open, ``None`` while another lab has it: their servers would send to each
    other's customers."""
    lock = (folder / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _nobody(line: str) -> None:
    """Hears a line and says nothing."""

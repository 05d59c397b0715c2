"""A real server with an official account, and an emulated WeChat that pushes to it; users are driven by name."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import yaml

from bot.storage.database import Addresses
from tests.integration.wechat.emulator import Emulator, emulated_by_itself
from tests.servers import LiveServer, free_port

KEY = "q8Fh2k5Lz0Wm7Rt4Yc1Xb6Nv3Gj9Pd8Se5Ua2Io7HeA"
ACCOUNT = {"name": "care", "appid": "wx00000000000000b1", "secret": "the-secret-of-care", "token": "pushes4care"}
LINES = "message_id, seq, state, route, reason, error_code, parts, due_at < 'infinity'"


class Wechat:
    """The emulator, and where its pushes go."""

    def __init__(self, emulator: Emulator, addresses: Addresses, folder: Path) -> None:
        self.emulator = emulator
        self._addresses = addresses
        self._folder = folder

    def server(self, name: str = "one", command: str = "serve", **environment: str) -> LiveServer:
        """A server, or a worker, that is to be started; the emulator pushes to the one that :meth:`push_to` named.

        ``module`` is another program that serves, ``account`` changes the account's settings.
        """
        module = environment.pop("module", "bot")
        ours = {**ACCOUNT, "aes_key": KEY, "api_url": self.emulator.url, "timeout_s": 2, "retry_s": 3}
        ours |= json.loads(environment.pop("account", "{}"))
        (self._folder / name).mkdir()
        environment["YINGDA_WECHAT"] = json.dumps([ours])
        return LiveServer(self._addresses, self._folder / name, module, command, free_port(), **environment)

    async def push_to(self, server: LiveServer) -> None:
        """From now on."""
        url = f"{server.url}/channels/care/webhook"
        await self.emulator.control("PATCH", "/accounts/care", {"push_url": url})

    async def user(self, name: str = "li") -> None:
        """Somebody who follows."""
        await self.emulator.control("POST", "/users", {"user": name, "follow": ["care"]})

    async def do(self, user: str, act: str, **body: Any) -> dict[str, Any]:
        """Something a user does, until its push is settled: the push with its attempts."""
        done = await self.emulator.control("POST", f"/users/{user}/{act}", body)
        number = done["deliveries"][-1]
        settled = await self.emulator.control("GET", f"/deliveries/{number}?wait=20")
        assert settled["settled"], settled
        return dict(settled)

    async def shown(self, user: str = "li", count: int = 1, wait: float = 0) -> list[tuple[str, str]]:
        """How and what the phone shows of others; waits for ``count`` lines for up to ``wait`` seconds."""
        found = await self.emulator.control("GET", f"/users/{user}/phone?wait={wait}&count={count}")
        return [
            (line["how"], line["content"].get("content", ""))
            for line in found["lines"]
            if line["how"] not in ("user", "menu", "typing", "system")
        ]

    async def until(self, query: str, within_s: float = 40) -> None:
        """Returns once the database has a row for the query."""
        end = time.monotonic() + within_s
        while not self.rows(query):
            assert time.monotonic() < end, self.rows(f"SELECT {LINES} FROM bot.outbox ORDER BY seq")
            await asyncio.sleep(0.05)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self._addresses.application_url, autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()


@asynccontextmanager
async def wechat(addresses: Addresses, folder: Path, account: dict[str, Any], **settings: Any) -> AsyncIterator[Wechat]:
    """``python -m emulators.wechat`` with one account in safe mode; ``account`` and ``settings`` change it."""
    whole = {**ACCOUNT, "aes_key": KEY, "mode": "safe", "original_id": "gh_0000000000b1", **account}
    config = folder / "emulator.yml"
    config.write_text(yaml.safe_dump({"accounts": [whole], **settings}), encoding="utf-8")
    async with emulated_by_itself("--config", str(config)) as running:
        yield Wechat(running, addresses, folder)

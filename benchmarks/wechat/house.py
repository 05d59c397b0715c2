"""A server with an official account, an emulated WeChat, and the settings that both share."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks.floor import KEY
from benchmarks.wechat_fuzz.sealing import Account
from bot.storage.database import Addresses
from tests.integration.wechat.emulator import Emulator, emulated_by_itself
from tests.servers import LiveServer

CARE = Account("care", "safe", "wx00000000000000c1")
ORIGINAL_ID = "gh_0000000000c1"
_COMMON: dict[str, Any] = {
    "name": CARE.name,
    "appid": CARE.appid,
    "secret": "a-secret-for-measuring",
    "token": CARE.token,
    "aes_key": CARE.aes_key,
    "mode": CARE.mode,
}


def live_server(addresses: Addresses, folder: Path, api_url: str) -> LiveServer:
    """This program, with the account; not started yet."""
    account = json.dumps([{**_COMMON, "api_url": api_url}])
    return LiveServer(addresses, folder, YINGDA_WECHAT=account, YINGDA_LOG_LEVEL="warning", YINGDA_SECRET_KEY=KEY)


@asynccontextmanager
async def emulator(folder: Path) -> AsyncIterator[Emulator]:
    """An emulated WeChat with the account; it pushes nowhere yet."""
    config = folder / "emulator.yml"
    account = {**_COMMON, "original_id": ORIGINAL_ID}
    config.write_text(yaml.safe_dump({"accounts": [account], "kept_deliveries": 200_000}), encoding="utf-8")
    async with emulated_by_itself("--config", str(config)) as running:
        yield running


def emulator_pid() -> int:
    """The process that :func:`emulator` has started."""
    children = psutil.Process().children()
    return next(child.pid for child in children if "emulators.wechat" in child.cmdline())


def busy_s(pid: int) -> float:
    """The processor time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def of_postgres_s(folder: Path) -> float:
    """The same of all processes of the PostgreSQL in a folder, those that have ended included."""
    used = 0.0
    for process in psutil.process_iter(["name", "cmdline"]):
        if "postgres" in (process.info["name"] or "") and str(folder) in " ".join(process.info["cmdline"] or ()):
            times = process.cpu_times()
            children = [child.cpu_times() for child in process.children()]
            used += times.user + times.system + times.children_user + times.children_system
            used += sum(each.user + each.system for each in children)
    return used

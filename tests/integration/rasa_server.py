"""Rasa's own action server in a process of its own, and a house whose flows call it."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.flows.facts import Findings, Wish
from bot.jobs import make_jobs
from bot.realtime.in_memory import InMemory
from bot.rehearsal.keys import KEYS
from bot.settings import Actions, Flows, Settings
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from bot.talk import TALK_JOBS, Talk
from bot.turns.thread import Thread
from tests.integration.dialogs import rows
from tests.integration.flows.case_talk import Customer, House, Shelf
from tests.servers import free_port

START_WITHIN_S = 60.0


@contextmanager
def rasa_sdk(folder: Path, **modules: str) -> Iterator[str]:
    """``python -m rasa_sdk`` with these modules of actions; gives its address."""
    package = folder / "sample_actions"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, source in modules.items():
        (package / f"{name}.py").write_text(source, encoding="utf-8")
    port = free_port()
    with (folder / "rasa_sdk.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "rasa_sdk", "--actions", "sample_actions", "--port", str(port)],
            cwd=folder,
            env={**os.environ, "SANIC_HOST": "127.0.0.1", "PYTHONPATH": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/health", process, folder / "rasa_sdk.log")
            yield f"http://127.0.0.1:{port}/webhook"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))


class ByExample(Shelf):
    """Knows every wish by the examples of the flows in force, word by word."""

    def __init__(self, house: "RemoteHouse") -> None:
        self._house = house

    def search(self, text: str, locale: str) -> Findings:
        """See :class:`bot.flows.facts.Facts`."""
        for intent in self._house.talk.catalogue.current.intents:
            if any(text in examples for examples in intent.examples.values()):
                return Findings("nothing", (), (Wish(intent.flow, 1.0),), sure=True, lead=20.0)
        return Findings("nothing", ())


class RemoteHouse(House):
    """A house with flows of a folder, remote actions, and somebody who runs its jobs."""

    def __init__(self, pool: Pool, engine: AsyncEngine, settings: Settings) -> None:
        super().__init__(pool, engine, settings)
        self.talk = Talk(settings, pool, engine, KEYS, InMemory(), ByExample(self))
        self.turns = self.talk.turns

    @classmethod
    async def with_remote(
        cls, pool: Pool, engine: AsyncEngine, settings: Settings, folder: Path, remote: list[dict[str, Any]]
    ) -> "RemoteHouse":
        """With these flows beside ours."""
        actions = Actions.model_validate({"remote": remote})
        house = cls(pool, engine, settings.model_copy(update={"flows": Flows(folder=folder), "actions": actions}))
        await house.talk.open()
        return house

    async def work(self, addresses: Addresses) -> int:
        """Runs jobs until none is left; how often one was begun."""
        begun = 0
        jobs = make_jobs(addresses.application_url, self.settings, TALK_JOBS)
        async with jobs.open_async():
            while waiting := await rows(self.pool, "SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"):
                begun += len(waiting)
                await rows(self.pool, "UPDATE procrastinate_jobs SET scheduled_at = NULL RETURNING 1")
                await jobs.run_worker_async(
                    wait=False, additional_context=self.talk.job_parts, install_signal_handlers=False
                )
        return begun

    async def said(self, customer: Customer) -> list[dict[str, Any]]:
        """The bodies of what the bot said to this customer so far."""
        lines = await Thread(self.pool, KEYS, "shop", customer.identity).after(0)
        return [line.body for line in lines if line.author == "bot"]

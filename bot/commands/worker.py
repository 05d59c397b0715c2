"""``yingda worker``: runs jobs in a process of its own."""

import argparse
import asyncio
import signal
from contextlib import AsyncExitStack

from bot.checkup.alerts import alert_jobs
from bot.commands.store import open_addresses
from bot.handlers.answers import Answers
from bot.jobs import make_jobs, run_worker, show_backlog
from bot.logs import start_logging
from bot.realtime import open_realtime
from bot.settings import Settings, read_settings
from bot.storage.database import Addresses, make_engine
from bot.storage.keyring import open_keys
from bot.storage.lines import Ending
from bot.storage.pool import make_pool
from bot.talk import TALK_JOBS, Talk
from crm_adapter.ledger.sequencer import run_sequencer
from crm_adapter.search import run_indexer
from knowledge_base.watch import LiveIndex


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``worker``."""
    parser = commands.add_parser("worker")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Works until SIGINT or SIGTERM; jobs that run then finish within the drain time."""
    settings = read_settings()
    start_logging(settings)
    with open_addresses(settings) as addresses:
        asyncio.run(_work(settings, addresses))
    return 0


async def _work(settings: Settings, addresses: Addresses) -> None:
    jobs = make_jobs(addresses.application_url, settings, {"alerts": alert_jobs, **TALK_JOBS})
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    keys, engine = open_keys(settings), make_engine(addresses.application_url, settings)
    live = LiveIndex(wishes=lambda: talk.wishes())
    realtime = open_realtime(settings.redis_url.get_secret_value() if settings.redis_url else None)
    async with AsyncExitStack() as opened:
        ending = await opened.enter_async_context(Ending())
        opened.push_async_callback(engine.dispose)
        opened.push_async_callback(realtime.close)
        pool = await opened.enter_async_context(make_pool(addresses.application_url, settings))
        await opened.enter_async_context(jobs.open_async())
        talk = Talk(settings, pool, engine, keys, realtime, Answers(live))
        await talk.open()
        await live.refresh(engine)
        tasks = await opened.enter_async_context(asyncio.TaskGroup())
        working = [
            tasks.create_task(run_worker(jobs, settings, pool, talk.job_parts)),
            tasks.create_task(live.run(engine)),
            tasks.create_task(talk.watch()),
            tasks.create_task(talk.wake()),
            tasks.create_task(run_sequencer(engine, keys, show_backlog)),
            tasks.create_task(run_indexer(engine, keys)),
        ]
        if settings.wechat:
            from bot.web.wechat.sending import send_for_ever  # only who has an official account pays for it

            working.append(tasks.create_task(send_for_ever(settings, pool, engine, keys, realtime)))
        await stop.wait()
        ending.begin(settings.http.drain_s)
        for task in working:
            task.cancel()

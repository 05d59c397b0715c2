"""``yingda serve``: the whole program in one process; Ctrl-C or SIGTERM drains it."""

import argparse
import asyncio
import errno
import signal
import time
from contextlib import ExitStack

import psutil
import structlog
from aiohttp import web

from bot.app import make_app
from bot.commands.prepare import prepare
from bot.commands.speech import say
from bot.logs import start_logging
from bot.settings import Settings, read_settings
from bot.staff.first import ensure_first_administrator
from bot.storage.database import Addresses, open_database
from bot.tracing import start_tracing
from bot.web.keys import ENGINE

log = structlog.get_logger(__name__)


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``serve``."""
    parser = commands.add_parser("serve", help="serve the chat, the console and the jobs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serves until stopped; 0 after a drain, 1 when the address is taken."""
    settings = read_settings()
    start_logging(settings)
    with ExitStack() as opened:
        opened.callback(start_tracing(settings))
        addresses = opened.enter_context(open_database(settings, say))
        prepare(settings, addresses, say)
        return asyncio.run(serve(settings, addresses))


async def serve(settings: Settings, addresses: Addresses, app: web.Application | None = None) -> int:
    """Runs ``app`` (by default the whole program) on the set address until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    app = app or make_app(settings, addresses)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=settings.http.drain_s, handler_cancellation=False)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.http.host, settings.http.port, reuse_port=False).start()
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
                raise
            say(f"Cannot listen on {settings.http.host}:{settings.http.port}: {error.strerror}.")
            say("Choose another address: YINGDA_HTTP__PORT=8090 or [http] port in yingda.toml.")
            return 1
        await _show_links(settings, app)
        await stop.wait()
        say("Draining … (messages in flight finish, browsers reconnect later)")
    finally:
        await runner.cleanup()
    say("Stopped.")
    return 0


async def _show_links(settings: Settings, app: web.Application) -> None:
    seconds = time.time() - psutil.Process().create_time()
    base = settings.base_url
    say(f"Yingda serves after {seconds:.1f} s.")
    say(f"  Demo shop with the chat   {base}/demo/")
    say(f"  Console for staff         {base}/console/")
    link = await ensure_first_administrator(app[ENGINE], base)
    if link:
        say(f"  First sign-in, once only  {link}")
    say("Press Ctrl-C to stop.")

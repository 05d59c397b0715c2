"""A serving process: listens, shows its links, and drains when told to stop."""

import asyncio
import ctypes
import errno
import gc
import signal
import time
from collections.abc import Coroutine
from typing import Any

import psutil
from aiohttp import web

from bot.app import drain, make_app
from bot.settings import Settings
from bot.staff.first import FIRST_NAME, ensure_first_administrator
from bot.storage.database import Addresses, Say
from bot.storage.keyring import keyring_path
from bot.storage.lines import Ending
from bot.web.dev import PATH as DEV_PATH
from bot.web.dev import can_show
from bot.web.keys import ENGINE, OUTGOING, STAFF_RULES


def run(serving: Coroutine[Any, Any, int]) -> int:
    """Runs a serving process's coroutine on the standard library's loop; see the list of parts for why not another."""
    return asyncio.run(serving)


async def serve(settings: Settings, addresses: Addresses, say: Say, app: web.Application | None = None) -> int:
    """Runs ``app`` (by default the whole program) on the set address until SIGINT or SIGTERM.

    0 after a drain, 1 when the address cannot be had; ``say`` gets what the operator should read.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    app = app or make_app(settings, addresses, say=say)
    # aiohttp waits for requests in flight so long twice: before and after it breaks off those that still send.
    patience_s = settings.http.drain_s / 2
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience_s, handler_cancellation=False)
    async with Ending() as ending:
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
            _settle()
            await _show_links(settings, app, say)
            await stop.wait()
            ending.begin(settings.http.drain_s)
            say("Draining … (messages in flight finish, browsers reconnect later)")
            await drain(app)
        finally:
            await runner.cleanup()
    say("Stopped.")
    return 0


def _settle() -> None:
    """What is there after the start stays: the collector need not walk through it again and again.

    What the start only needed for a while, the sources of flows and the packed index above all, is given back to the
    system, which the C library does by itself only at the end of its heap.
    """
    gc.collect()
    gc.freeze()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # glibc's
        trim(0)


async def _show_links(settings: Settings, app: web.Application, say: Say) -> None:
    seconds = time.time() - psutil.Process().create_time()
    base = settings.base_url
    say(f"Yingda serves after {seconds:.1f} s.")
    say(f"  Demo shop with the chat   {base}/demo/")
    say(f"  Console for staff         {base}/console/")
    if OUTGOING in app and can_show(app[OUTGOING]):
        say(f"  Mail and text messages    {base}{DEV_PATH}  (nothing is sent: no provider is configured)")
    link = await ensure_first_administrator(app[ENGINE], base, app[STAFF_RULES])
    if link:
        say(f"  First sign-in, once only  {link}")
        say(f"  (as {FIRST_NAME}: the name to sign in with afterwards)")
        if settings.keys.ring is None:
            say(f"  Keyring                   {keyring_path(settings).absolute()}")
            say("  (copy it to a safe place: without it nothing that is stored can be read, no backup either)")
    say("Press Ctrl-C to stop.")

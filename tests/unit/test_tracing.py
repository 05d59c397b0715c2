"""Spans and the end of the process: a collector that hangs holds nobody up."""

import secrets
import socket
import time

from bot.settings import Settings
from bot.tracing import FLUSH_WITHIN_S, span, start_tracing


def test_a_collector_that_never_answers_holds_no_end_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces"
        stop = start_tracing(Settings(otlp_endpoint=url))
        with span("turn", secrets.token_hex(16)):
            pass
        started = time.monotonic()
        stop()
        assert FLUSH_WITHIN_S * 0.9 < time.monotonic() - started < FLUSH_WITHIN_S + 20

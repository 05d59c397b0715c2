"""Spans for OpenTelemetry where ``otlp_endpoint`` is set; nothing at all, not even an import, where it is not.

A message's own trace id is the trace's: what the store records, what the logs say and what the collector shows can
be joined by it, also for what a queue carried in between.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Thread
from typing import Any

from bot.settings import Settings, SettingsFault

FLUSH_WITHIN_S = 1.0
"""What the last spans have to leave: a process that is told to stop has no more to give them."""
OpenSpan = Callable[[str, str], AbstractContextManager[Any]]

_open_span: OpenSpan | None = None


def span(name: str, trace_id: str) -> AbstractContextManager[Any]:
    """A span named ``name`` in the trace of a message; a no-op without a collector."""
    return nullcontext() if _open_span is None else _open_span(name, trace_id)


def start_tracing(settings: Settings) -> Callable[[], None]:
    """Sends spans to the set collector in the background; returns what flushes them, shortly, and ends it.

    Raises :class:`~bot.settings.SettingsFault` when the endpoint is set but the ``tracing`` extra is not installed.
    """
    global _open_span
    if settings.otlp_endpoint is None:
        return lambda: None
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsFault(["otlp_endpoint: install the extra first: pip install 'yingda[tracing]'"]) from None

    provider = TracerProvider(resource=Resource.create({"service.name": "yingda"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(settings.otlp_endpoint, timeout=5)))
    tracer = provider.get_tracer("yingda")

    @contextmanager
    def open_span(name: str, trace_id: str) -> Iterator[Any]:
        parent = trace.SpanContext(
            int(trace_id, 16), secrets.randbits(64) or 1, is_remote=True, trace_flags=trace.TraceFlags(1)
        )
        context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        with tracer.start_as_current_span(name, context=context) as current:
            yield current

    def stop() -> None:
        global _open_span
        _open_span = None
        # With a collector that hangs it would wait for half a minute; as a daemon it keeps no process from ending.
        flushing = Thread(target=provider.shutdown, daemon=True)
        flushing.start()
        flushing.join(FLUSH_WITHIN_S)

    _open_span = open_span
    return stop

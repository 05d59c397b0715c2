"""Structured logs: one line per event, JSON or readable, with the trace id of the message it belongs to.

Events carry ids, counts and codes; never the text of a message, a token or an address of a person.
"""

import logging
import sys
import warnings
from typing import Any, TextIO

import structlog

from bot.domain.sensitive import mask_body
from bot.faults import places_of
from bot.settings import Settings


def _tell_places(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Places and types instead of a traceback: an exception's message may quote a row or a body."""
    if told := event.pop("exc_info", None):
        fault = told if isinstance(told, BaseException) else told[1] if isinstance(told, tuple) else sys.exception()
        if fault is not None:
            event["fault"] = places_of(fault)
    return event


def _mask_sensitive(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """PR10, the second line of defence: no event should carry what a customer wrote; should one do so, it is masked."""
    return mask_body(event)


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to standard error as it is at that moment, so whoever redirects it later has the logs too."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Standard error, now."""
        return sys.stderr


def start_logging(settings: Settings, *, quiet: bool = False) -> None:
    """Sends the program's and its libraries' logs to standard error in one form; ``quiet`` for commands that print."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    level = getattr(logging, settings.log_level.upper())
    if quiet and level == logging.INFO:
        level = logging.WARNING
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_places,
        _mask_sensitive,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What is below the level costs a message next to nothing: it does not even reach the processors.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = _ToStandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("aiohttp.access", "procrastinate", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    # aiohttp warns about malformed uploads by quoting them, names of files included.
    warnings.filterwarnings("ignore", module="aiohttp")
    logging.getLogger("psycopg.pool").setLevel(max(level, logging.ERROR))

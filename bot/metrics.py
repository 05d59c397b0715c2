"""What the program counts about itself, in Prometheus' terms; served at /metrics."""

from functools import cache
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

Labelled = TypeVar("Labelled", Counter, Histogram)

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def _kept(metric: Labelled) -> Labelled:
    """Looks the series of a set of labels up once: the library does so under a lock, which shows in every message."""
    metric.labels = cache(metric.labels)  # type: ignore[method-assign]
    return metric


TURNS = _kept(Counter("yingda_turns_total", "Messages taken through a turn", ["result"]))
TURN_SECONDS = Histogram("yingda_turn_seconds", "From request to commit", buckets=BUCKETS)
STAGE_SECONDS = _kept(Histogram("yingda_turn_stage_seconds", "The stages of a turn", ["stage"], buckets=BUCKETS))
OUTCOMES = _kept(Counter("yingda_outcomes_total", "What messages led to", ["kind"]))
REFUSALS = _kept(Counter("yingda_refusals_total", "Bad input refused", ["channel", "code"]))
EVENTS = _kept(Counter("yingda_channel_events_total", "Pushes that had an effect beside talk", ["kind"]))
WECHAT_FAULTS = _kept(
    Counter(
        "yingda_wechat_faults_total", "Messages that WeChat did not take, by its errcode or why", ["account", "code"]
    )
)
SOCKETS = Gauge("yingda_sockets", "Open customer sockets")
SPOOLED = Gauge("yingda_spooled", "Messages on disk that wait for the store")
UNLINKED = Gauge("yingda_ledger_unlinked", "Ledger events that wait to be linked into their chain")
UNLINKED_SECONDS = Gauge("yingda_ledger_unlinked_seconds", "Age of the oldest of them")
REQUEST_SECONDS = _kept(Histogram("yingda_request_seconds", "HTTP requests", ["route", "status"], buckets=BUCKETS))

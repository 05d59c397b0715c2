"""What the room counts; the series appear in `/metrics`."""

from prometheus_client import Counter, Gauge

_hints = Counter("yingda_realtime_hints", "Hints by what became of them.", ["outcome"])
SENT = _hints.labels("sent")
RECEIVED = _hints.labels("received")
LOST = _hints.labels("lost")
OVERFLOWED = _hints.labels("overflowed")

FALLBACKS = Counter(
    "yingda_realtime_fallbacks", "Calls answered from this process alone because Redis was away.", ["call"]
)
REDIS_UP = Gauge("yingda_realtime_redis_up", "1 while Redis answers, 0 during an outage.")

"""Where a message's time goes, from the server's own histograms."""

import re

_LINE = re.compile(r"^(yingda_\w+)_(sum|count)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def show_where_time_goes(figures: str) -> None:
    """Prints the mean per message of each stage of a turn, and what HTTP adds around it."""
    mean_ms = mean_milliseconds(figures)
    print("\nmean per message, under the loads above")
    for stage in ("receive", "decide", "record"):
        _show(stage, mean_ms["yingda_turn_stage_seconds", f'stage="{stage}"'])
    _show("turn, pool included", mean_ms["yingda_turn_seconds", ""])
    posted = (value for (name, labels), value in mean_ms.items() if "request" in name and "/messages" in labels)
    _show("whole request", max(posted))


def mean_milliseconds(figures: str) -> dict[tuple[str, str], float]:
    """The mean of every histogram in Prometheus' text, by name and labels."""
    totals: dict[tuple[str, str], dict[str, float]] = {}
    for name, kind, labels, value in _LINE.findall(figures):
        totals.setdefault((name, labels), {})[kind] = float(value)
    return {key: 1000 * each["sum"] / each["count"] for key, each in totals.items() if each.get("count")}


def _show(name: str, value: float) -> None:
    print(f"  {name:<22} {value:8.2f} ms")

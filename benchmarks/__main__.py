"""``make bench``: every benchmark, one after the other; fails when one of them misses its promise."""

import sys

from benchmarks import dialog, floor, growth, plans, search, segments
from benchmarks.wechat import run as wechat
from benchmarks.wechat_fuzz import run as wechat_fuzz

if __name__ == "__main__":
    results = {}
    for benchmark in (dialog, floor, growth, plans, search, segments, wechat, wechat_fuzz):
        print(f"\n== {benchmark.__name__}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
        results[benchmark.__name__] = benchmark.main()
    print()
    for name, code in results.items():
        print(f"{name:<28} {'holds' if code == 0 else 'MISSED'}")
    sys.exit(max(results.values()))

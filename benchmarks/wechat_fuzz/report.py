"""What a run has seen: answers by status and kind, the slowest, and every answer that should not be."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from benchmarks.wechat_fuzz.sealing import Case

KEPT = 20


@dataclass(slots=True)
class Report:
    """Filled by :meth:`tell`, case by case."""

    statuses: Counter[int] = field(default_factory=Counter)
    kinds: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    slowest: tuple[float, int, str] = (0.0, -1, "")
    wrong: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)

    def tell(self, number: int, case: Case, status: int, seconds: float) -> None:
        """One case was answered; 0 for none."""
        self.statuses[status] += 1
        self.kinds[case.kind][status] += 1
        self.slowest = max(self.slowest, (seconds, number, case.kind))
        if status not in case.allowed:
            self.wrong[f"{case.kind}: {status}"] += 1
            if len(self.shown) < KEPT:
                self.shown.append(f"case {number}, {case.kind}, {case.account}: {status}, not {sorted(case.allowed)}")

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cases": self.statuses.total(),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "kinds": {kind: {str(s): n for s, n in sorted(seen.items())} for kind, seen in sorted(self.kinds.items())},
            "slowest": {"s": round(self.slowest[0], 3), "case": self.slowest[1], "kind": self.slowest[2]},
            "wrong": dict(self.wrong),
        }

    def show(self, where: str) -> None:
        """For people."""
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        print(
            f"{where}: {self.statuses.total()} cases; {statuses}; slowest {self.slowest[0]:.3f} s ({self.slowest[2]})"
        )
        for kind, seen in sorted(self.kinds.items()):
            print(f"  {kind:<26} " + "  ".join(f"{status}: {count:>6}" for status, count in sorted(seen.items())))
        for line in self.shown:
            print(f"  WRONG {line}")

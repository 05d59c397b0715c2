"""What leaves without naming anybody (PR2, PIPL 73): years for birthdays, cities for addresses, nothing in free words.

De-identified is not anonymous: whoever holds the store's keys can still tell whose a row is. How far rows stand out
among each other is told with them, as the size of the smallest group of rows that look alike (k-anonymity).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from crm_adapter.records.customers import FIELDS

FIGURES = ("orders", "amount", "tags")
"""What may be exported besides the profile: number of orders, their sum per currency, tags."""

EXPORTABLE = frozenset((*FIELDS, *FIGURES))
IDENTIFYING = frozenset({"name", "phone", "email", "id_number", "preferences", "needs", "suggestions"})
"""Names, ways to reach somebody, and free words, in which anything may stand."""

_CHINESE_CITY = re.compile(
    r"^(?:中国|中國)?\s*((?:[^\s\d,，省]{2,8}(?:省|自治区|自治區|特别行政区|特別行政區))?\s*(?:[^\s\d,，市]{2,10}?市)?)"
)


def coarse(field: str, value: str | None) -> str:
    """The value as a de-identified row shows it; empty when it is unknown or cannot be made coarser safely."""
    if not value:
        return ""
    if field == "birthday":
        return value[:4] if re.match(r"\d{4}\b", value) else ""
    if field == "address":
        return _city(value)
    return value


def _city(address: str) -> str:
    found = _CHINESE_CITY.match(address.strip())
    if found and found[1].strip():
        return found[1].strip()
    # Elsewhere the widest part stands last; whatever has a digit is a house, a street or a postal code.
    parts = [part.strip() for part in re.split(r"[,，\n]", address)]
    last = parts[-1]
    return last if len(parts) > 1 and last and not re.search(r"\d", last) else ""


def smallest_group(rows: Iterable[Mapping[str, str]], fields: Sequence[str]) -> int:
    """How many rows at least look alike in ``fields``; 0 when there are none. Below about 5 somebody may stand out."""
    groups = Counter(tuple(row[field] for field in fields) for row in rows)
    return min(groups.values(), default=0)

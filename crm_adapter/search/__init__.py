"""Search in what is sealed: a blind index of n-grams, filled behind the customers' turns (ADR 0009).

The index gives candidates. Whoever searches opens them and keeps those for which :func:`matches` holds.
"""

from crm_adapter.search.find import find
from crm_adapter.search.grams import Kind, grams_of, is_indexed, matches
from crm_adapter.search.indexer import index_new, run_indexer

__all__ = [
    "Kind",
    "find",
    "grams_of",
    "index_new",
    "is_indexed",
    "matches",
    "run_indexer",
]

"""The whole port in memory, for tests: the same rules, no I/O, the same ids and times on every run.

It keeps what the SQL store seals in clear, so it is for invented people only.
"""

from crm_adapter.in_memory.store import InMemoryStore

__all__ = ["InMemoryStore"]

"""Work that is not a turn: done by procrastinate on the same database, inside ``serve`` or by ``worker``."""

from bot.jobs.ledger import show_backlog
from bot.jobs.worker import make_jobs, run_worker

__all__ = ["make_jobs", "run_worker", "show_backlog"]

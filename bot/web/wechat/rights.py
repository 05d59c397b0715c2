"""Which accounts WeChat lets send customer-service messages, as far as it has said so."""

from datetime import timedelta
from time import monotonic

BELIEVED_FOR = timedelta(hours=1)
"""For so long a refusal of WeChat's is taken for the account's state: it may be verified in the meantime."""


class Rights:
    """One process's. WeChat gives the right to send and the right to show typing together (48001 is the lack of it), so
    that what refuses the one refuses the other."""

    def __init__(self) -> None:
        self._refused_until: dict[str, float] = {}

    def refused(self, account: str) -> None:
        """WeChat has just refused one of the account's calls for lack of it."""
        self._refused_until[account] = monotonic() + BELIEVED_FOR.total_seconds()

    def lacks(self, account: str) -> bool:
        """Whether it is not worth asking now."""
        return monotonic() < self._refused_until.get(account, 0.0)

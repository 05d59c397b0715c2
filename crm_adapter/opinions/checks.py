"""What a score must be, before it is stored."""

from crm_adapter.port import BadField

LARGEST = 10


def check_score(score: int) -> None:
    """Raises :class:`BadField` ``out_of_bounds``."""
    if not 0 <= score <= LARGEST:
        raise BadField("score", "out_of_bounds")

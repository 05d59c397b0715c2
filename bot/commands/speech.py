"""How commands talk: progress goes to standard error, results to standard output."""

import sys


def say(line: str) -> None:
    """One line of progress, at once."""
    print(line, file=sys.stderr, flush=True)

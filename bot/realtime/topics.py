"""What hints are about, by name: who publishes and who reads must say the same."""

DESK = "desk"
"""Who waits for a person, or what is said to one, has changed."""


def thread_topic(account: str, identity: str) -> str:
    """One customer's thread; ``identity`` in the account's own terms."""
    return f"thread:{account}:{identity}"

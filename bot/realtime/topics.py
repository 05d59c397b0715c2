"""What hints are about, by name: who publishes and who reads must say the same."""

from bot.realtime.protocol import JSON

DESK = "desk"
"""Who waits for a person, or what is said to one, has changed."""


def thread_topic(account: str, identity: str) -> str:
    """One customer's thread; ``identity`` in the account's own terms."""
    return f"thread:{account}:{identity}"


def lines_hint(seq: int, *, working: bool) -> dict[str, JSON]:
    """A turn has brought a thread to line ``seq``; ``working``: and something goes on outside since then."""
    return {"kind": "message", "seq": seq, "working": True} if working else {"kind": "message", "seq": seq}

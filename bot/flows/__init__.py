"""The dialog layer: pure functions from a message and what is known to a decision."""

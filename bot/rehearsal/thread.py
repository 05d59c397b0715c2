"""What a browser keeps of its thread, and what it may rely on."""

from typing import Any

Frame = dict[str, Any]


class PromiseBroken(Exception):
    """The server did what its protocol rules out."""


class ThreadCopy:
    """One client's copy of its thread: messages by ``seq``, without a gap, each the same whenever it is sent."""

    def __init__(self) -> None:
        self._messages: dict[int, Frame] = {}
        self.last_seq = 0
        self.resets = 0

    @property
    def messages(self) -> list[Frame]:
        """In their order."""
        return [self._messages[seq] for seq in sorted(self._messages)]

    def add(self, message: Frame) -> None:
        """Takes a message as the server sent it; raises :class:`PromiseBroken` on a gap or a changed message."""
        seq = message["seq"]
        if seq in self._messages:
            if self._messages[seq] != message:
                raise PromiseBroken(f"message {seq} was {self._messages[seq]} and is {message}")
        elif self._messages and seq != self.last_seq + 1:
            raise PromiseBroken(f"message {seq} after {self.last_seq}")
        elif not self._messages and self.resets == 0 and seq != 1:
            raise PromiseBroken(f"the thread begins with message {seq}")
        else:
            self._messages[seq] = message
            self.last_seq = seq

    def reset(self) -> None:
        """The server told us to drop the copy: the thread starts anew, wherever it starts."""
        self._messages.clear()
        self.last_seq = 0
        self.resets += 1

    def after(self, seq: int) -> list[Frame]:
        """The messages with a greater ``seq``."""
        return [message for message in self.messages if message["seq"] > seq]

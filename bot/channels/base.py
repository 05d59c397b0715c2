"""What every channel is: a name, what it can do, and pure functions between its wire and our messages."""

from dataclasses import dataclass
from typing import Literal


class BadInbound(ValueError):
    """A channel was sent something that is not a message; ``code`` is stable, ``values`` fill in its sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel's platform offers.

    ``delivery`` is ``pull`` where the client reads its thread by a cursor (a message can be sent again without harm),
    ``push`` where a message goes out once through the platform's API. ``text_bytes`` is the longest text in UTF-8.
    """

    delivery: Literal["pull", "push"]
    text_bytes: int
    choices: Literal["buttons", "numbered"]
    attachments: bool
    typing: bool
    receipts: bool

"""A push that has arrived and was found to be WeChat's, as it is kept until it is taken care of."""

import json
from dataclasses import dataclass
from datetime import datetime

from bot.channels.base import BadInbound
from bot.channels.wechat.parse import parse
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.reading import read_tree


@dataclass(frozen=True, slots=True)
class Arrived:
    """``text`` is the opened push, from which ``push`` was read; ``at`` is when it came first, by our clock."""

    account: str
    text: str
    push: Push
    at: datetime
    trace_id: str

    def written(self) -> bytes:
        """What :func:`read_arrived` reads."""
        kept = {"account": self.account, "text": self.text, "at": self.at.isoformat(), "trace": self.trace_id}
        return json.dumps(kept, ensure_ascii=False).encode()


def read_arrived(written: bytes) -> Arrived:
    """The push again. Raises :class:`ValueError`."""
    try:
        kept = json.loads(written)
        text = str(kept["text"])
        push = parse(read_tree(text)[0], text)
        return Arrived(str(kept["account"]), text, push, datetime.fromisoformat(kept["at"]), str(kept["trace"]))
    except (KeyError, TypeError, BadInbound):
        raise ValueError("no push") from None


def account_in(written: bytes) -> str | None:
    """Whose push it is, also where the push itself cannot be read."""
    try:
        return str(json.loads(written)["account"])
    except (ValueError, KeyError, TypeError):
        return None

"""What a conversation remembers between two turns, as small JSON: only what differs from the initial."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter
from typing import Any, Literal

VERSION = 1
MAX_PATH = 64
"""Of a frame's way so far, this many last steps are remembered."""

By = Literal["user", "call", "pattern"]
"""Why a frame runs: the customer wanted it, another flow called it, or the dialog itself put it there."""


@dataclass(slots=True)
class Frame:
    """One flow that runs; ``hash`` is the version it began with, ``step`` the one to carry out or being asked.

    ``slots`` are its own (those of whoever called it, for a called one); a key with ``None`` was skipped. ``path`` are
    the steps behind it. After a correction ``was`` are the steps that were carried out before and need not be again
    unless they read ``changed``. ``token`` and ``until`` (seconds since 1970) belong to an action outside the turn.
    """

    flow: str
    hash: str
    step: str
    by: By = "user"
    slots: dict[str, Any] = field(default_factory=dict)
    asked: bool = False
    tries: int = 0
    path: list[str] = field(default_factory=list)
    was: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    token: str | None = None
    until: int | None = None

    def visit(self, step: str) -> None:
        """Remembers that this step lies behind."""
        self.path.append(step)
        del self.path[:-MAX_PATH]


@dataclass(slots=True)
class State:
    """``frames`` from the bottom up; ``slots`` outlive their flows; ``shown`` are the choices last offered, by id,
    ``above`` those that the same turn had offered before them.

    ``lost``: messages in a row that were not understood. ``done``: a flow was finished. ``parked``: what waits for this
    customer since an earlier conversation, until it was offered. ``heard``: when the customer last wrote. ``fresh``:
    the conversation was begun by an event, so its customer is still to be greeted. ``about``: what the last message led
    to, ``flow:x`` or ``article:x``; empty for anything else.
    """

    frames: list[Frame] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    above: dict[str, Any] = field(default_factory=dict)
    lost: int = 0
    heard: int = 0
    reminded: bool = False
    soothed: bool = False
    told_to_wait: bool = False
    done: bool = False
    surveyed: bool = False
    fresh: bool = False
    about: str = ""
    parked: dict[str, Any] = field(default_factory=dict)


def dump(state: State) -> dict[str, Any]:
    """``load`` gives back the same; an initial state is ``{}``."""
    document = _STATE.differing(state)
    frames = [frame_document(frame) for frame in state.frames]
    if frames:
        document["frames"] = frames
    return {"v": VERSION, **document} if document else {}


def load(document: Any) -> State:
    """The state; a damaged or unknown one is an initial one, which is better than a customer who gets no answer."""
    try:
        values = _STATE.read(document, ("v", "frames"))
        if document.get("v", VERSION) != VERSION:
            raise _Damaged
        frames = document.get("frames", [])
        if not isinstance(frames, list):
            raise _Damaged
        return State(frames=_joined([Frame(**_FRAME.read(one)) for one in frames]), **values)
    except _Damaged:
        return State()


def frame_document(frame: Frame) -> dict[str, Any]:
    """One frame as JSON; a called one's slots stand with its caller."""
    document = _FRAME.differing(frame)
    if frame.by == "call":
        document.pop("slots", None)
    return document


def frame_from(document: Any) -> Frame | None:
    """The frame of a document, ``None`` for a damaged one."""
    try:
        return Frame(**_FRAME.read(document))
    except _Damaged:
        return None


_PLAIN = (str, bool, int)


def plain(value: Any) -> Any:
    """As JSON can say it: what an action gives back may be a date, a number with places or an id."""
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


class _Damaged(Exception):
    pass


_is_text = str.__instancecheck__


def _texts(value: Any) -> list[str]:
    if isinstance(value, list) and all(map(_is_text, value)):
        return value.copy()
    raise _Damaged


def _named(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and all(map(_is_text, value)):
        return value.copy()
    raise _Damaged


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _Damaged


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _Damaged


def _number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _Damaged


def _by(value: Any) -> Any:
    if value in ("user", "call", "pattern"):
        return value
    raise _Damaged


class _Fields:
    """The fields of a record: what takes each over from a document, and its initial value.

    A field without one (``...``) has to be there. What cannot be taken over is damaged; lists and objects are copied,
    since a turn must not change the state that it was given: it may be decided again.
    """

    def __init__(self, **fields: tuple[Callable[[Any], Any], Any]) -> None:
        self._takes = {name: take for name, (take, _) in fields.items()}
        self._initial = tuple(initial for _, initial in fields.values())
        self._needed = {name for name, (_, initial) in fields.items() if initial is ...}
        self._values = attrgetter(*fields)

    def read(self, document: Any, apart: Collection[str] = ()) -> dict[str, Any]:
        """The values of a document's fields, except those that stand ``apart``."""
        if not isinstance(document, dict):
            raise _Damaged
        takes = self._takes
        try:
            values = {name: takes[name](value) for name, value in document.items() if name not in apart}
        except KeyError:
            raise _Damaged from None
        if not self._needed <= values.keys():
            raise _Damaged
        return values

    def differing(self, record: State | Frame) -> dict[str, Any]:
        """What differs from the initial values."""
        fields = zip(self._takes, self._values(record), self._initial, strict=True)
        return {name: value for name, value, initial in fields if value != initial}


_STATE = _Fields(
    slots=(_named, {}),
    shown=(_named, {}),
    above=(_named, {}),
    lost=(_number, 0),
    heard=(_number, 0),
    reminded=(_flag, False),
    soothed=(_flag, False),
    told_to_wait=(_flag, False),
    done=(_flag, False),
    surveyed=(_flag, False),
    fresh=(_flag, False),
    about=(_text, ""),
    parked=(_named, {}),
)
_FRAME = _Fields(
    flow=(_text, ...),
    hash=(_text, ...),
    step=(_text, ...),
    by=(_by, "user"),
    slots=(_named, {}),
    asked=(_flag, False),
    tries=(_number, 0),
    path=(_texts, []),
    was=(_texts, []),
    changed=(_texts, []),
    token=(_text, None),
    until=(_number, None),
)


def _joined(frames: list[Frame]) -> list[Frame]:
    """A called frame works on its caller's slots."""
    if frames and frames[0].by == "call":
        raise _Damaged
    for below, frame in pairwise(frames):
        if frame.by == "call":
            frame.slots = below.slots
    return frames

"""Temporary media of one account: what the account uploaded and what its users sent."""

from collections.abc import Callable
from dataclasses import dataclass

from emulators.wechat.errors import Refused
from emulators.wechat.voices import MOST_SECONDS, seconds_of

KB, MB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be uploaded as one type: signatures at an offset, the size, the code for too much."""

    most: int
    too_large: int
    signatures: tuple[tuple[int, bytes], ...]
    content_type: str
    suffix: str


MP3 = ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"))
KINDS: dict[str, Kind] = {
    "image": Kind(
        10 * MB,
        40009,
        ((0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n\x1a\n"), (0, b"GIF8"), (0, b"BM")),
        "image/jpeg",
        "jpg",
    ),
    "voice": Kind(2 * MB, 40010, ((0, b"#!AMR"), *MP3), "audio/amr", "amr"),
    "video": Kind(10 * MB, 40011, ((4, b"ftyp"),), "video/mp4", "mp4"),
    "thumb": Kind(64 * KB, 40012, ((0, b"\xff\xd8\xff"),), "image/jpeg", "jpg"),
}

CONTENT_TYPES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", "image/png"),
    (0, b"GIF8", "image/gif"),
    (0, b"\xff\xd8", "image/jpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"ID3", "audio/mp3"),
    (4, b"ftyp", "video/mp4"),
)


@dataclass(frozen=True, slots=True)
class Medium:
    """One file, gone when its time is over."""

    media_id: str
    kind: str
    data: bytes
    created: float
    expires: float

    @property
    def content_type(self) -> str:
        """What WeChat says it is, by its first bytes."""
        for offset, mark, name in CONTENT_TYPES:
            if self.data[offset : offset + len(mark)] == mark:
                return name
        return KINDS[self.kind].content_type if self.kind in KINDS else "application/octet-stream"


class MediaStore:
    """The media of one account, in memory."""

    def __init__(self, lifetime_s: float, new_id: Callable[[], str]) -> None:
        self._lifetime_s = lifetime_s
        self._new_id = new_id
        self._media: dict[str, Medium] = {}

    def upload(self, kind: str, data: bytes, now: float) -> Medium:
        """What cgi-bin/media/upload does.

        Raises :class:`Refused`: 40004 type, 44001 empty, 40009 … 40012 too large, 40005 another kind of file, 45007 a
        voice of more than 60 s.
        """
        rule = KINDS.get(kind)
        if rule is None:
            raise Refused(40004)
        if not data:
            raise Refused(44001)
        if len(data) > rule.most:
            raise Refused(rule.too_large)
        if not any(data[offset : offset + len(mark)] == mark for offset, mark in rule.signatures):
            raise Refused(40005)
        if kind == "voice" and seconds_of(data) > MOST_SECONDS:
            raise Refused(45007)
        return self.keep(kind, data, now)

    def keep(self, kind: str, data: bytes, now: float) -> Medium:
        """Keeps a file without a look at it: a user's phone has seen to that."""
        # All live equally long, so the oldest stand first.
        while (oldest := next(iter(self._media.values()), None)) and oldest.expires <= now:
            del self._media[oldest.media_id]
        medium = Medium(self._new_id(), kind, data, now, now + self._lifetime_s)
        self._media[medium.media_id] = medium
        return medium

    def get(self, media_id: object, now: float, kinds: tuple[str, ...] = ()) -> Medium:
        """A medium that is still there; raises :class:`Refused` 40007, also for one of another kind."""
        medium = self._media.get(media_id) if isinstance(media_id, str) else None
        if medium is None or medium.expires <= now or (kinds and medium.kind not in kinds):
            raise Refused(40007)
        return medium

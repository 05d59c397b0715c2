"""What WeChat tells: messages and events, each a value of its own type. Field names are ours, WeChat's stand beside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MediaKind = Literal["image", "voice", "video", "shortvideo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What every push has.

    ``original_id`` is the account (``ToUserName``, ``gh_…``), ``openid`` who it is about (``FromUserName``), ``at`` is
    in UTC. ``external_id`` is the same for every delivery of the same push, and for no other push of the account.
    """

    original_id: str
    openid: str
    at: datetime
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Push):
    """Words; ``menu_id`` (``bizmsgmenuid``) when they are the label of a tapped item of a message menu.

    Written below an article, ``article`` (``MsgDataId``) is its message, ``article_index`` (``Idx``) its place in it.
    """

    content: str
    menu_id: str | None = None
    article: str | None = None
    article_index: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(Push):
    """A picture, a recording, a film. ``media_id`` can be fetched for three days.

    ``format`` is that of a recording (``amr``, ``speex``), ``clear_media_id`` (``MediaId16K``) the same at 16 kHz,
    ``recognition`` its words, which WeChat rarely gives any more.
    """

    kind: MediaKind
    media_id: str
    format: str | None = None
    clear_media_id: str | None = None
    thumb_media_id: str | None = None
    url: str | None = None
    recognition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Push):
    """A place that was sent, in degrees (GCJ-02, the datum of China's maps); ``label`` is its address."""

    latitude: float
    longitude: float
    scale: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Push):
    """A page that was sent."""

    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Push):
    """Somebody follows the account.

    ``scene`` is that of the QR code that led here (``qrscene_…``), ``trade_no`` the payment after which it was offered,
    ``key`` the event's key as it came, empty where nobody knows the way.
    """

    key: str = ""
    scene: str | None = None
    trade_no: str | None = None
    ticket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Push):
    """Somebody does not follow any more: nothing can be sent, and their data is to be deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Push):
    """A follower scanned a QR code of ours."""

    scene: str
    ticket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts(Push):
    """Where a phone is, which it reports by itself when a chat is opened; in degrees and metres."""

    latitude: float
    longitude: float
    precision: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Push):
    """A tap on an item of the account's menu that has a key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Push):
    """A tap on an item of the account's menu that opens a page."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgram(Push):
    """A tap on an item of the account's menu that opens a mini program; ``page`` is its path."""

    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedCode(Push):
    """A tap on an item of the account's menu that scans any code; ``waits`` says that WeChat shows a wait for an
    answer (``scancode_waitmsg``)."""

    key: str
    type: str
    result: str
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuInput(Push):
    """A tap on an item of the account's menu that asks for pictures or a place; these come as messages of their own."""

    kind: Literal["pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFinish(Push):
    """What became of a template message: ``success``, ``failed:user block``, ``failed: system failed``."""

    msg_id: str
    status: str

    @property
    def arrived(self) -> bool:
        return self.status == "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class MassFinish(Push):
    """What became of a mass message: to how many it was meant to go (``total``), was let through to (``filtered``),
    went and did not go. It is about no user."""

    msg_id: str
    status: str
    total: int
    filtered: int
    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class NoticeChoice:
    """Whether a notice of one template is wanted; ``scene`` is where it was asked (``PopupScene``)."""

    template_id: str
    accepted: bool
    scene: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeResult:
    """What became of one notice; ``error_code`` is 0 when it arrived."""

    template_id: str
    msg_id: str
    error_code: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesChosen(Push):
    """Somebody allowed or refused notices: when asked (``changed`` false), or in their settings (only refusals)."""

    choices: tuple[NoticeChoice, ...]
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSent(Push):
    """What became of notices (``subscribe_msg_sent_event``)."""

    results: tuple[NoticeResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSession(Push):
    """WeChat's own service desk has a conversation, had it, or gave it to another; until it is closed, messages
    bypass us."""

    kind: Literal["created", "closed", "switched"]
    desk: str
    """The one who has it now, or had it last."""
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Push):
    """Somebody paid; ``reference`` is the order or transaction, ``amount`` in cents where it is told."""

    reference: str
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Push):
    """A push we have no type for, or whose fields are not as documented; ``raw`` is its text."""

    type: str
    event: str
    raw: str

    @property
    def is_message(self) -> bool:
        """Whether a customer sent it, rather than something happened or a device spoke."""
        return self.type != "event" and not self.type.startswith("device_")


CustomerSaid = Text | Media | Location | Link
"""Messages, to which WeChat gives the larger window."""

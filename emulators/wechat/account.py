"""Official accounts and users at run time, and what stands between each of them and each account."""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import dataclass, field
from typing import Any, Protocol

from emulators.wechat.clock import Clock
from emulators.wechat.crypto import key_of
from emulators.wechat.errors import Refused
from emulators.wechat.media import MediaStore
from emulators.wechat.phone import Phone
from emulators.wechat.quotas import Quotas
from emulators.wechat.settings import AccountSettings, Right, Settings, Template
from emulators.wechat.tokens import AccountTokens
from emulators.wechat.windows import SendWindow


def derived(length: int, *parts: object) -> str:
    """Letters and figures that look random and are the same for the same parts."""
    digest = hashlib.sha512("\0".join(map(str, parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


@dataclass(slots=True)
class Scene:
    """What a QR code stands for; ``until`` is ``None`` for a permanent one."""

    ticket: str
    value: str
    until: float | None
    is_text: bool

    @property
    def url(self) -> str:
        """What the picture of the code says to whoever scans it."""
        return f"http://weixin.qq.com/q/{self.ticket[2:24]}"


@dataclass(slots=True)
class MassJob:
    """A mass send: which message went to how many."""

    msg_id: int
    msg_data_id: int
    client_id: str
    total: int
    sent: int
    deleted: bool = False


@dataclass(slots=True)
class Session:
    """A session with a person in WeChat's own customer service: messages do not reach the account's URL meanwhile."""

    kf_account: str
    until: float
    begun_at: float


@dataclass(slots=True)
class Chat:
    """One user and one account."""

    person: Person
    account: Account
    openid: str
    window: SendWindow
    following: bool = False
    followed_at: float = 0.0
    scene: str = ""
    came_by: str = "ADD_SCENE_SEARCH"
    spoke_at: float = float("-inf")
    typing_until: float = float("-inf")
    consents: dict[str, int] = field(default_factory=dict)
    refuses_templates: bool = False
    refuses_messages: bool = False
    tags: set[int] = field(default_factory=set)
    remark: str = ""
    session: Session | None = None
    mass_sent: list[float] = field(default_factory=list)

    def document(self, now: float) -> dict[str, Any]:
        """What the control API tells of it."""
        return {
            "account": self.account.settings.name,
            "openid": self.openid,
            "unionid": self.account.unionid(self.person.name),
            "following": self.following,
            "scene": self.scene,
            "windows": self.window.view(now),
            "typing": self.typing_until > now,
            "consents": dict(self.consents),
            "refuses_templates": self.refuses_templates,
            "refuses_messages": self.refuses_messages,
            "tags": sorted(self.tags),
            "session": self.session.kf_account if self.session and self.session.until > now else None,
        }


@dataclass(slots=True)
class Person:
    """A user of WeChat; ``name`` is the control API's, accounts only ever see an openid.

    ``snapshot``: this user opens web pages as a snapshot page does, with an identity that is not theirs.
    """

    name: str
    phone: Phone
    nickname: str = ""
    language: str = "zh_CN"
    snapshot: bool = False
    chats: dict[str, Chat] = field(default_factory=dict)

    def document(self, now: float) -> dict[str, Any]:
        """What the control API tells of the user."""
        return {
            "user": self.name,
            "nickname": self.nickname,
            "language": self.language,
            "snapshot": self.snapshot,
            "seq": self.phone.seq,
            "chats": [chat.document(now) for chat in self.chats.values()],
        }


class Surroundings(Protocol):
    """What an account needs of the world it stands in."""

    settings: Settings
    clock: Clock
    random: random.Random

    def identifier(self, length: int) -> str:
        """A text never given before."""

    def media_url(self, media_id: str) -> str:
        """Where a picture can be seen without a token."""


class Account:
    """An account's settings and everything that has come to be in it since the start or the last reset."""

    def __init__(self, settings: AccountSettings, world: Surroundings) -> None:
        self.settings = settings
        self.world = world
        self.tokens = AccountTokens(world.settings.tokens, self._new_token)
        self.media = MediaStore(world.settings.media_lifetime_s, lambda: world.identifier(64))
        self.quotas = Quotas(settings.daily_quotas, settings.minute_quotas)
        self.chats: dict[str, Chat] = {}
        self.menu: list[dict[str, Any]] | None = None
        self.menu_id = 0
        self.scenes: dict[str, Scene] = {}
        self.tags: dict[int, str] = {2: "星标组"}
        self.templates: dict[str, Template] = {template.id: template for template in settings.templates}
        self.mass: dict[int, MassJob] = {}
        self.next_tag = 100

    def openid(self, user: str) -> str:
        """The openid of a user here: 28 characters, another one in every account."""
        return "o" + derived(27, "openid", self.world.settings.seed, self.settings.appid, user)

    def unionid(self, user: str) -> str | None:
        """The unionid, the same in all accounts of one Open Platform; ``None`` where the account is bound to none."""
        if self.settings.open_platform is None:
            return None
        return "o" + derived(27, "unionid", self.world.settings.seed, self.settings.open_platform, user)

    def push_key(self) -> bytes:
        """The AES key that pushes are encrypted with at present."""
        chosen = self.settings.aes_key if self.settings.push_key == "current" else self.settings.previous_aes_key
        return key_of(chosen or "")

    def demand(self, right: Right) -> None:
        """Raises :class:`Refused` 48001 when the account may not do this."""
        if right not in self.settings.rights:
            raise Refused(48001)

    def chat(self, openid: object, *, follower: bool = False) -> Chat:
        """The chat with this openid; :class:`Refused` 40003 if it is nobody's, 43004 (or 45015) if not a follower's."""
        chat = self.chats.get(openid) if isinstance(openid, str) else None
        if chat is None:
            raise Refused(40003)
        if follower and not chat.following:
            raise Refused(self.world.settings.unfollowed_errcode)
        return chat

    def followers(self) -> list[Chat]:
        """Who follows, in the order in which they were made known."""
        return [chat for chat in self.chats.values() if chat.following]

    def _new_token(self) -> str:
        return self.world.identifier(136)

"""Users, and what stands between each of them and each account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulators.wechat.windows import SendWindow

if TYPE_CHECKING:
    from emulators.wechat.account import Account
    from emulators.wechat.phone import Phone


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

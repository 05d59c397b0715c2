"""What WeChat's API answers, as far as we use it; fields we do not know are passed over."""

from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.channels.wechat.api.faults import WechatFault
from bot.channels.wechat.api.transport import Request

_Number = Annotated[int, BeforeValidator(lambda value: int(value) if isinstance(value, str) and value else value)]
"""WeChat writes some numbers as texts."""


class Answer(BaseModel):
    """Frozen; what is missing or of another type makes the answer unreadable."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class QrCode(Answer):
    """``url`` is what the code says; ``expire_seconds`` is ``None`` for a permanent one."""

    ticket: str
    url: str = ""
    expire_seconds: int | None = None


class User(Answer):
    """Of one who does not follow there is hardly more than the openid; there never is a name or a picture."""

    openid: str = Field(repr=False)
    subscribe: bool
    unionid: str | None = Field(default=None, repr=False)
    language: str = ""
    subscribe_time: int | None = None
    subscribe_scene: str = ""
    qr_scene: int = 0
    qr_scene_str: str = ""
    tagid_list: tuple[int, ...] = ()


class Tag(Answer):
    """A label that followers can carry."""

    id: int
    name: str = ""
    count: int = 0


class Tags(Answer):
    """All labels of the account."""

    tags: tuple[Tag, ...] = ()


class Openids(Answer):
    """A part of a list of followers."""

    openid: tuple[str, ...] = Field(default=(), repr=False)


class Tagged(Answer):
    """A page of the followers with a label; the next one begins after ``next_openid``."""

    data: Openids = Openids()
    next_openid: str = Field(default="", repr=False)


class NewTag(Answer):
    """A label that was made."""

    tag: Tag


class Sent(Answer):
    """The number under which the end of a template message is reported."""

    msgid: _Number | None = None


class Uploaded(Answer):
    """What was uploaded can be sent for three days."""

    media_id: str | None = None
    thumb_media_id: str | None = None


class WebUser(Answer):
    """Who logged in on a web page. One with ``is_snapshotuser`` is nobody: WeChat made the openid up."""

    openid: str = Field(repr=False)
    unionid: str | None = Field(default=None, repr=False)
    scope: str = ""
    is_snapshotuser: bool = False


class StableToken(Answer):
    """An access token and how many seconds it is good for."""

    access_token: str = Field(min_length=1, max_length=2048, repr=False)
    expires_in: Annotated[_Number, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Media:
    """A file of a customer; ``media_type`` is WeChat's word for it."""

    content: bytes = field(repr=False)
    media_type: str


_Model = TypeVar("_Model", bound=Answer)


def read(model: type[_Model], request: Request, answer: dict[str, Any]) -> _Model:
    """The answer, typed. Raises :class:`WechatFault` ``unreadable``."""
    try:
        return model.model_validate(answer)
    except ValidationError:
        raise WechatFault(request.path, "unreadable", request.without_answer) from None

"""Which pushes are a customer's words or taps, and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.wechat.pushes import Click, Link, Location, Media, Push, ScannedCode, Text, Unknown
from bot.channels.wechat.taps import choice_of
from bot.domain.message import Body, Inbound

_NOT_SHOWN = "【收到不支持的消息类型，暂无法显示】"
"""What WeChat pushes as a text for a sticker, a file and the like."""
_FORMATS = ("amr", "speex", "mp3")
"""Of recordings; WeChat names no other, and whatever else it might send names no file."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that WeChat holds for three days under ``media_id``; its true type is what its bytes say.

    A picture has an address too (``url``), which needs no right of the account's.
    """

    media_id: str
    name: str
    type: str
    url: str | None = None


def files_of(push: Push) -> tuple[RemoteFile, ...]:
    """What has to be fetched to have all of a push; a recording in its original form, which needs no codec of WeChat's
    own."""
    match push:
        case Media(kind="image", media_id=media_id):
            return (RemoteFile(media_id, "image.jpg", "image/jpeg", push.url),)
        case Media(kind="voice", media_id=media_id, format=format_):
            kind = format_.lower() if format_ and format_.lower() in _FORMATS else "amr"
            return (RemoteFile(media_id, f"voice.{kind}", f"audio/{kind}"),)
        case Media(media_id=media_id):
            return (RemoteFile(media_id, "video.mp4", "video/mp4"),)
    return ()


def to_inbound(
    push: Push,
    *,
    account: str,
    locale: str,
    received_at: datetime,
    trace_id: str,
    labels: Mapping[str, str] | None = None,
) -> Inbound | None:
    """A message for a turn, or ``None`` for what no customer said.

    Beside text and choice a body may have ``location`` (``latitude``, ``longitude``, ``label``, ``scale``)
    and ``media`` (``kind``, ``media_id``, ``format``): what was sent, whether it could be fetched or not. Its kind is
    ``unsupported`` where WeChat does not even say what. Below an article it has ``below`` (``message``, ``index``).

    ``labels`` name the items of the account's menu by their keys. WeChat vouches for the openid in what it signed.
    """
    body = _body(push, dict(labels or {}))
    if body is None:
        return None
    return Inbound(
        channel="wechat",
        account=account,
        external_id=push.external_id,
        identity=push.openid,
        assurance="verified",
        locale=locale,
        body=body,
        received_at=received_at,
        trace_id=trace_id,
    )


def _body(push: Push, labels: Mapping[str, str]) -> Body | None:
    match push:
        case Text(content=content) if content == _NOT_SHOWN:
            return {"media": {"kind": "unsupported"}}
        case Unknown(is_message=True):
            return {"media": {"kind": "unsupported"}}
        case Text(content=content, menu_id=menu_id):
            choice = choice_of(menu_id) if menu_id else None
            return {"text": content.strip(), **({"choice": choice} if choice else {}), **_below(push)}
        case Media(recognition=recognition):
            remote = {"kind": push.kind, "media_id": push.media_id, "format": push.format}
            held = {name: value for name, value in remote.items() if value}
            return {**({"text": recognition} if recognition else {}), "media": held}
        case Location():
            return _place(push)
        case Link(title=title, description=description, url=url):
            return {"text": "\n".join(dict.fromkeys(filter(None, (title, description, url))))}
        case Click(key=key):
            return {**({"text": labels[key]} if key in labels else {}), "choice": key}
        case ScannedCode(waits=True, result=result):
            return {"text": result}
    return None


def _below(push: Text) -> Body:
    """The article that a text was written below."""
    if push.article is None:
        return {}
    return {"below": {"message": push.article, **({"index": push.article_index} if push.article_index else {})}}


def _place(push: Location) -> Body:
    """In words that any form asking for a place understands, and as numbers."""
    where = f"{push.latitude:.6f}, {push.longitude:.6f}"
    place: dict[str, Any] = {"latitude": push.latitude, "longitude": push.longitude, "label": push.label}
    if push.scale is not None:
        place["scale"] = push.scale
    return {"text": f"{push.label} ({where})" if push.label else where, "location": place}

"""Messages as ``/cgi-bin/message/custom/send`` takes them."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from bot.channels.wechat.outgoing import (
    Article,
    Coupon,
    File,
    Menu,
    MiniProgram,
    Music,
    News,
    Outgoing,
    PublishedNews,
    Words,
)

Typing = Literal["Typing", "CancelTyping"]


def customer_service(message: Outgoing, openid: str) -> dict[str, Any]:
    """One message for one user."""
    type_, content = _content(message)
    return {"touser": openid, "msgtype": type_, type_: content}


def typing(openid: str, command: Typing = "Typing") -> dict[str, Any]:
    """The body for ``/cgi-bin/message/custom/typing``: shown for 15 s, taken within 30 s of an interaction."""
    return {"touser": openid, "command": command}


def encode(body: Mapping[str, Any]) -> bytes:
    """A body as it goes out: WeChat shows escapes as they are written, so there are none but JSON's own."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _content(message: Outgoing) -> tuple[str, dict[str, Any]]:
    match message:
        case Words(text):
            return "text", {"content": text}
        case Menu(head, items, tail):
            listed = [{"id": item.id, "content": item.label} for item in items]
            return "msgmenu", {"head_content": head, "list": listed, "tail_content": tail}
        case File(media_id=""):
            return _content(message.as_words)
        case File("video", title=title, media_id=media_id):
            return "video", {"media_id": media_id, **_given(title=title)}
        case File(kind, media_id=media_id):
            return kind, {"media_id": media_id}
        case Music(title, description, url, hq_url, thumb_media_id):
            addresses = {"musicurl": url, "hqmusicurl": hq_url, "thumb_media_id": thumb_media_id}
            return "music", {**_given(title=title, description=description), **addresses}
        case Article(title, description, url, image):
            return "news", {"articles": [{"title": title, "description": description, "url": url, "picurl": image}]}
        case MiniProgram(title, app_id, path, thumb_media_id):
            page = {"title": title, "appid": app_id, "pagepath": path}
            return "miniprogrampage", {**page, "thumb_media_id": thumb_media_id}
        case News(media_id):
            return "mpnews", {"media_id": media_id}
        case PublishedNews(article_id):
            return "mpnewsarticle", {"article_id": article_id}
        case Coupon(card_id):
            return "wxcard", {"card_id": card_id}


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}

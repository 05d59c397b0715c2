"""The one message that may stand in the answer to a push; it costs no quota."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
from bot.channels.wechat.pushes import CustomerSaid, Push

SUCCESS = "success"
"""What a push is answered with when nothing is said in the answer; never encrypted."""


def passive(message: Outgoing, push: Push, now: datetime) -> Mapping[str, Any]:
    """The message as the answer to ``push``, for :meth:`~bot.channels.wechat.webhook.Webhook.seal`.

    Of the cards WeChat takes only music and pages here; menus, the other cards and files that it does not hold become
    texts.
    """
    return {**_heading(push, now), **_content(message)}


def transfer(push: Push, now: datetime, desk: str | None = None) -> Mapping[str, Any]:
    """Gives the conversation to WeChat's own service desk, or to one account of it; until that session closes, or for
    30 minutes, messages bypass us.

    Raises :class:`TypeError` for an event: WeChat transfers only what a customer said.
    """
    if not isinstance(push, CustomerSaid):
        raise TypeError("only a customer's message can be transferred")
    to = {"TransInfo": {"KfAccount": desk}} if desk else {}
    return {**_heading(push, now), "MsgType": "transfer_customer_service", **to}


def _heading(push: Push, now: datetime) -> dict[str, Any]:
    return {"ToUserName": push.openid, "FromUserName": push.original_id, "CreateTime": int(now.timestamp())}


def _content(message: Outgoing) -> dict[str, Any]:
    match message:
        case Words(text):
            return {"MsgType": "text", "Content": text}
        case File(media_id="") | Menu() | MiniProgram() | News() | PublishedNews() | Coupon():
            return _content(message.as_words)
        case File("video", title=title, media_id=media_id):
            return {"MsgType": "video", "Video": {"MediaId": media_id, **({"Title": title} if title else {})}}
        case File(kind, media_id=media_id):
            return {"MsgType": kind, kind.capitalize(): {"MediaId": media_id}}
        case Music(title, description, url, hq_url, thumb_media_id):
            music = {"Title": title, "Description": description, "MusicUrl": url, "HQMusicUrl": hq_url}
            return {"MsgType": "music", "Music": {**music, "ThumbMediaId": thumb_media_id}}
        case Article(title, description, url, image):
            item = {"Title": title, "Description": description, "PicUrl": image, "Url": url}
            return {"MsgType": "news", "ArticleCount": 1, "Articles": {"item": [item]}}

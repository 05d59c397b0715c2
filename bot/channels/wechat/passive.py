"""The one message that may stand in the answer to a push; it costs no quota."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.wechat.compose import TEXT_BYTES
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
from bot.channels.wechat.splitting import split

SUCCESS = "success"
"""What a push is answered with when nothing is said in the answer; never encrypted."""
_Served = Menu | MiniProgram | News | PublishedNews | Coupon


@dataclass(frozen=True, slots=True)
class Passive:
    """``reply`` is for :meth:`~bot.channels.wechat.webhook.Webhook.seal`; ``rest`` has to go another way."""

    reply: Mapping[str, Any]
    rest: tuple[Outgoing, ...] = ()


def passive(messages: Sequence[Outgoing], push: Push, now: datetime, text_bytes: int = TEXT_BYTES) -> Passive | None:
    """The first of ``messages`` as the answer to ``push``, the others as its rest; ``None`` where nothing is said.

    Of the cards WeChat takes only music and pages here; menus, the other cards and files that it does not hold become
    texts.
    """
    if not messages:
        return None
    first, *rest = messages
    if isinstance(first, _Served) or (isinstance(first, File) and not first.media_id):
        first = first.as_words
    if isinstance(first, Words):
        begin, *more = split(first.text, text_bytes) or [""]
        first, rest = Words(begin), [*map(Words, more), *rest]
    return Passive({**_heading(push, now), **_content(first)}, tuple(rest))


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

"""From an opened push to a value; whatever WeChat sent, the answer is a value or a ``BadInbound``."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from bot.channels.wechat.events import CHOSEN, EVENTS, SENT
from bot.channels.wechat.fields import Fields, Odd
from bot.channels.wechat.pushes import Link, Location, Media, MediaKind, Push, Text, Unknown
from bot.channels.wechat.reading import Tree

Common = dict[str, Any]
"""The fields of :class:`~bot.channels.wechat.pushes.Push` itself."""

_MSG_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_TELLING = (
    "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "MsgID", "MsgId", "Content", "MediaId", "OrderId",
    "TransId",
)  # fmt: skip


def parse(tree: Tree, raw: str) -> Push:
    """A push by its type. ``raw`` is kept with what we do not know, and with what does not have its documented fields:
    it is signed, so it is recorded and never refused.

    Raises :class:`~bot.channels.base.BadInbound` ``malformed_push`` where it does not even say who sends what when.
    """
    fields = Fields(tree)
    type_ = fields.name("MsgType").lower()
    event = fields.text("Event").strip().lower()
    common: Common = {
        "original_id": fields.name("ToUserName"),
        "openid": fields.name("FromUserName"),
        "at": fields.moment("CreateTime"),
        "external_id": external_id(fields),
    }
    read = EVENTS.get(event) if type_ == "event" else _MESSAGES.get(type_)
    try:
        if read is not None:
            return read(fields, common)
    except Odd:
        pass
    return Unknown(**common, type=type_, event=event, raw=raw)


def external_id(fields: Fields) -> str:
    """``MsgId`` as WeChat gives it; for events, which have none, a hash of what tells them apart.

    WeChat names FromUserName, CreateTime and Event; a key, an order, a report's id or the templates that were asked
    about only make it finer, since all deliveries of one push are identical.
    """
    message = fields.text("MsgId").strip()
    if _MSG_ID.fullmatch(message):
        return message
    reports = [report for one in fields.entries(SENT) if (report := one.text("MsgID"))]
    asked = {one.text("TemplateId") for within in CHOSEN for one in fields.entries(within)} if not reports else set()
    parts = [*(fields.text(name).strip() for name in _TELLING), *reports, *sorted(asked)]
    return "event:" + sha256("\x00".join(parts).encode()).hexdigest()[:40]


def _text(fields: Fields, common: Common) -> Push:
    return Text(
        **common,
        content=fields.text("Content"),
        menu_id=fields.some("bizmsgmenuid"),
        article=fields.some("MsgDataId"),
        article_index=fields.some("Idx"),
    )


def _media(kind: MediaKind) -> Callable[[Fields, Common], Push]:
    def read(fields: Fields, common: Common) -> Push:
        return Media(
            **common,
            kind=kind,
            media_id=fields.must("MediaId"),
            format=fields.some("Format"),
            clear_media_id=fields.some("MediaId16K"),
            thumb_media_id=fields.some("ThumbMediaId"),
            url=fields.some("PicUrl"),
            recognition=fields.some("Recognition"),
        )

    return read


def _location(fields: Fields, common: Common) -> Push:
    return Location(
        **common,
        latitude=fields.number("Location_X", 90),
        longitude=fields.number("Location_Y", 180),
        scale=fields.whole("Scale") if fields.some("Scale") else None,
        label=fields.text("Label").strip(),
    )


def _link(fields: Fields, common: Common) -> Push:
    title, description = fields.text("Title").strip(), fields.text("Description").strip()
    return Link(**common, title=title, description=description, url=fields.must("Url"))


_MESSAGES: dict[str, Callable[[Fields, Common], Push]] = {
    "text": _text,
    "image": _media("image"),
    "voice": _media("voice"),
    "video": _media("video"),
    "shortvideo": _media("shortvideo"),
    "location": _location,
    "link": _link,
}

"""Taps on an account's menu: each kind of button pushes its own event, some a message after it."""

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from emulators.wechat.account import Chat
from emulators.wechat.acts import Acts
from emulators.wechat.control.bodies import Body
from emulators.wechat.errors import BadCommand
from emulators.wechat.menus import OPENS_WINDOW, leaf
from emulators.wechat.push.record import Push
from emulators.wechat.samples import SAMPLES


class Tap(Body):
    """Which button, by its place: ``[0]`` the first, ``[2, 1]`` the second one that the third opens.

    ``result``: what a scanning button has scanned; ``x``, ``y``, ``label``: the place that was chosen.
    """

    account: str | None = None
    path: list[int] = Field(min_length=1, max_length=2)
    result: str = "https://example.com/"
    x: float = 23.1
    y: float = 113.3
    label: str = ""


def tap(acts: Acts, chat: Chat, body: Tap) -> Sequence[Push | None]:
    """Taps; raises :class:`BadCommand` 404 where there is no such button."""
    acts.following(chat)
    button = leaf(chat.account.menu, body.path)
    if button is None:
        raise BadCommand("there is no such button", 404)
    kind = button["type"]
    acts.own_line(chat, "tap", {"name": button["name"], "type": kind, "url": button.get("url")})
    if kind in OPENS_WINDOW:
        acts.tap_window(chat)
    match kind:
        case "click":
            return [acts.event(chat, "CLICK", {"EventKey": button["key"]})]
        case "view":
            fields = {"EventKey": button["url"], "MenuId": str(chat.account.menu_id)}
            return [acts.event(chat, "VIEW", fields, answerable=False)]
        case "miniprogram":
            fields = {"EventKey": button["pagepath"], "MenuId": str(chat.account.menu_id)}
            return [acts.event(chat, "view_miniprogram", fields, answerable=False)]
        case "scancode_push" | "scancode_waitmsg":
            scanned = {"ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": body.result}}
            waits = kind == "scancode_waitmsg"
            return [acts.event(chat, kind, {"EventKey": button["key"], **scanned}, answerable=waits)]
        case "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin":
            return _picture(acts, chat, kind, button["key"])
        case "location_select":
            return _place(acts, chat, button["key"], body)
    # What a button names by an id is shown by WeChat itself: the account hears nothing of it.
    acts.own_line(chat, "material", {name: value for name, value in button.items() if name.endswith("_id")})
    return []


def _picture(acts: Acts, chat: Chat, kind: str, key: str) -> Sequence[Push | None]:
    """The event first, then the picture as a message."""
    data = SAMPLES["image"]
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    sent: dict[str, Any] = {"Count": 1, "PicList": {"item": [{"PicMd5Sum": digest}]}}
    event = acts.event(chat, kind, {"EventKey": key, "SendPicsInfo": sent}, answerable=False)
    world = chat.account.world
    medium = chat.account.media.keep("image", data, world.clock.now())
    url = world.media_url(medium.media_id)
    shown = {"media_id": medium.media_id, "url": url}
    return [event, acts.message(chat, "image", {"PicUrl": url, "MediaId": medium.media_id}, shown)]


def _place(acts: Acts, chat: Chat, key: str, body: Tap) -> Sequence[Push | None]:
    """The event first, then the place as a message."""
    fields = {"Location_X": body.x, "Location_Y": body.y, "Scale": 15, "Label": body.label}
    texts = {name: str(value) for name, value in fields.items()} | {"Poiname": ""}
    event = acts.event(chat, "location_select", {"EventKey": key, "SendLocationInfo": texts}, answerable=False)
    shown = {"x": body.x, "y": body.y, "label": body.label}
    return [event, acts.message(chat, "location", fields, shown)]

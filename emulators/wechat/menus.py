"""Menus as they are checked when an account makes one, and found when a user taps."""

from typing import Any

from emulators.wechat.errors import Refused

Button = dict[str, Any]

MOST_BUTTONS, MOST_SUB_BUTTONS = 3, 5
NAME_BYTES, SUB_NAME_BYTES, KEY_BYTES, URL_BYTES = 16, 60, 128, 1024
NEEDS: dict[str, tuple[str, ...]] = {
    "click": ("key",),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
"""The kinds of buttons and what each must have."""
REFUSED_FIELD = {"key": 40019, "url": 40020, "media_id": 40007}
OPENS_WINDOW = frozenset(("click", "scancode_push", "scancode_waitmsg"))
"""Taps after which customer-service messages may be sent, by WeChat's rules."""


def checked(buttons: object) -> list[Button]:
    """The menu, if WeChat takes it.

    Raises :class:`Refused`: 40016 and 40023 number of buttons, 40017 kind, 40018 name, 40019 key, 40020 url.
    """
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MOST_BUTTONS:
        raise Refused(40016)
    return [_button(button, NAME_BYTES, may_open=True) for button in buttons]


def _button(button: object, name_bytes: int, *, may_open: bool) -> Button:
    if not isinstance(button, dict):
        raise Refused(47001)
    name = button.get("name")
    if not isinstance(name, str) or not 0 < len(name.encode(errors="replace")) <= name_bytes:
        raise Refused(40018)
    inside = button.get("sub_button")
    if inside:
        if not may_open or not isinstance(inside, list) or len(inside) > MOST_SUB_BUTTONS:
            raise Refused(40023)
        return {"name": name, "sub_button": [_button(one, SUB_NAME_BYTES, may_open=False) for one in inside]}
    kind = button.get("type")
    if not isinstance(kind, str) or kind not in NEEDS:
        raise Refused(40017)
    fields = {field: _field(button, field) for field in NEEDS[kind]}
    return {"type": kind, "name": name, **fields, "sub_button": []}


def _field(button: Button, field: str) -> str:
    value = button.get(field)
    most = KEY_BYTES if field == "key" else URL_BYTES
    if not isinstance(value, str) or not 0 < len(value.encode(errors="replace")) <= most:
        raise Refused(REFUSED_FIELD.get(field, 40017))
    return value


def current(menu: list[Button] | None) -> dict[str, Any]:
    """The menu as get_current_selfmenu_info tells it: lists of sub-buttons lie in a ``list``, texts in ``value``."""
    return {"is_menu_open": int(menu is not None), "selfmenu_info": {"button": [_told(one) for one in menu or []]}}


def _told(button: Button) -> Button:
    told = {name: value for name, value in button.items() if name != "sub_button"}
    if button["sub_button"]:
        told["sub_button"] = {"list": [_told(one) for one in button["sub_button"]]}
    return told


def leaf(menu: list[Button] | None, path: list[int]) -> Button | None:
    """The button that a user taps: its place in the menu, and in the one that opens; ``None`` where none is."""
    found: Button | None = None
    inside = menu or []
    for place in path:
        if not 0 <= place < len(inside):
            return None
        found = inside[place]
        inside = found["sub_button"]
    return None if found is None or found["sub_button"] else found

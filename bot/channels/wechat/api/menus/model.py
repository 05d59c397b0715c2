"""Buttons, and their two forms: WeChat's JSON and our YAML, which have the same names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml

NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
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
)
"""WeChat's types of buttons, and what each has beside its name."""


@dataclass(frozen=True, slots=True)
class Button:
    """``type`` is ``None`` for one that opens ``sub_button``; ``line`` is where it stands in its file."""

    name: str
    type: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    sub_button: tuple["Button", ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> str | None:
        """What comes back when it is tapped."""
        return dict(self.values).get("key")


def leaves(buttons: Iterable[Button]) -> Iterator[Button]:
    """The buttons that do something, in their order."""
    for button in buttons:
        if button.sub_button:
            yield from leaves(button.sub_button)
        else:
            yield button


def labels_of(buttons: Iterable[Button]) -> dict[str, str]:
    """The names of the buttons that are tapped, by what comes back."""
    return {button.key: button.name for button in leaves(buttons) if button.key}


def to_wechat(buttons: Iterable[Button]) -> list[dict[str, Any]]:
    """As ``menu/create`` takes them."""
    return [_document(button) for button in buttons]


def from_wechat(buttons: Iterable[Mapping[str, Any]]) -> tuple[Button, ...]:
    """As ``menu/get`` tells them; what is no text in them is passed over."""
    return tuple(_button(button) for button in buttons)


def to_yaml(buttons: Iterable[Button]) -> str:
    """A file that :func:`read_menu` reads; the same menu is the same text."""
    document = {"button": to_wechat(buttons)}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=False, width=1200)


def _document(button: Button) -> dict[str, Any]:
    if button.sub_button:
        return {"name": button.name, "sub_button": to_wechat(button.sub_button)}
    return {"name": button.name, "type": button.type, **dict(button.values)}


def _button(told: Mapping[str, Any]) -> Button:
    inside = told.get("sub_button")
    inner = from_wechat(one for one in inside if isinstance(one, Mapping)) if isinstance(inside, list) else ()
    name = str(told.get("name", ""))
    if inner:
        return Button(name, sub_button=inner)
    type_ = str(told.get("type", ""))
    texts = {field: value for field, value in told.items() if isinstance(value, str) and field not in ("name", "type")}
    known = NEEDS.get(type_, ())
    order = [*(field for field in known if field in texts), *sorted(texts.keys() - set(known))]
    return Button(name, type_, tuple((field, texts[field]) for field in order))

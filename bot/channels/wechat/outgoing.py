"""What can be sent to a WeChat user: one value per message, each of a type that WeChat has."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

MOST_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
)
"""What WeChat takes of each kind of file."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text."""

    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A choice; ``id`` comes back when it is tapped (:mod:`bot.channels.wechat.taps`)."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Words with choices to tap (``msgmenu``); ``as_words`` are the same as a text where menus cannot be sent."""

    head: str
    items: tuple[Item, ...]
    tail: str
    as_words: Words


@dataclass(frozen=True, slots=True)
class File:
    """A picture, a recording or a film of ours; ``media_id`` is WeChat's word for it, once it has been uploaded.
    ``as_words`` says where it can be downloaded."""

    kind: Literal["image", "voice", "video"]
    attachment: str
    title: str
    as_words: Words
    media_id: str = ""


@dataclass(frozen=True, slots=True)
class Music:
    """A piece of music at an address; WeChat shows none without a picture. ``as_words`` is its address as a text."""

    title: str
    description: str
    url: str
    hq_url: str
    thumb_media_id: str
    as_words: Words


@dataclass(frozen=True, slots=True)
class Article:
    """A page as a card (``news``): one per message, WeChat takes no more for one customer. ``as_words`` is
    the same as a text."""

    title: str
    description: str
    url: str
    image: str
    as_words: Words


@dataclass(frozen=True, slots=True)
class MiniProgram:
    """A page of a mini program as a card; ``as_words`` is its address as a text."""

    title: str
    app_id: str
    path: str
    thumb_media_id: str
    as_words: Words


@dataclass(frozen=True, slots=True)
class News:
    """Articles made in the account's console (``mpnews``), by the id of their material; ``as_words`` is their address
    as a text."""

    media_id: str
    as_words: Words


@dataclass(frozen=True, slots=True)
class PublishedNews:
    """Articles that the account has published (``mpnewsarticle``); ``as_words`` is their address as a text."""

    article_id: str
    as_words: Words


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon of the account's (``wxcard``); ``as_words`` says where else it can be had."""

    card_id: str
    as_words: Words


Outgoing = Words | Menu | File | Music | Article | MiniProgram | News | PublishedNews | Coupon


def in_words(message: Outgoing) -> Words:
    """The same as a text, which every account may send."""
    return message if isinstance(message, Words) else message.as_words

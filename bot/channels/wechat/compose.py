"""From our bodies to WeChat's messages, in order, each within WeChat's limits."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal

from bot.channels.wechat.outgoing import (
    MOST_BYTES,
    Article,
    Coupon,
    File,
    Item,
    Menu,
    MiniProgram,
    Music,
    News,
    Outgoing,
    PublishedNews,
    Words,
)
from bot.channels.wechat.splitting import size_of, split
from bot.channels.wechat.taps import tap_id
from bot.channels.wechat.wording import word
from bot.domain.message import Body

TEXT_BYTES = 2048
"""Measured: WeChat documents no limit of a text, and refuses longer ones with 45002."""
MAX_ITEMS = 10
MAX_ITEM_ID_BYTES = 128
"""WeChat documents neither the number of a menu's items (45098) nor the length of their ids; beyond these a list of
numbers, which always works, is sent instead."""

_NAMED_LINK = re.compile(r"\[([^\]\n]{1,200})\]\(([^)\s]{1,500})\)")
# Stars also hide digits: 137****7013, 1990-**-**. Only those around words that touch them are marks.
_STRONG = re.compile(r"(?<!\*)\*\*(?=[^*\n]*\w)(?=[^\s*])([^*\n]{0,499}[^\s*])\*\*(?!\*)")
_GAP = "\n\n"
Kind = Literal["image", "voice", "video"]
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "image/png": "image",
        "image/jpeg": "image",
        "image/gif": "image",
        "image/bmp": "image",
        "audio/amr": "voice",
        "audio/mpeg": "voice",
        "video/mp4": "video",
    }
)
_MADE_THERE: Mapping[str, Callable[[str, Words], Outgoing]] = MappingProxyType(
    {"media_id": News, "article_id": PublishedNews, "card_id": Coupon}
)
"""What the account has at WeChat, by the field of a link that names it."""
_PROGRAM = ("app_id", "path", "thumb_media_id")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a message may look like.

    ``menus`` says whether ``msgmenu`` may be sent, ``files`` whether attachments can be uploaded, ``cards`` whether
    anything else than texts is wanted. ``addresses`` says by their ids where attachments can be downloaded.
    ``base_url`` completes addresses that begin with a slash.
    """

    locale: str
    menus: bool = False
    files: bool = False
    cards: bool = True
    base_url: str = ""
    addresses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    text_bytes: int = TEXT_BYTES


def compose(bodies: Sequence[Body], terms: Terms) -> tuple[Outgoing, ...]:
    """The messages that say ``bodies``, which are those of one turn.

    Only the last choices are numbered: a number that a customer types means the choices that were shown last.
    """
    last = max((place for place, body in enumerate(bodies) if body.get("choices")), default=-1)
    return tuple(chain.from_iterable(_messages(body, terms, place == last) for place, body in enumerate(bodies)))


def _messages(body: Body, terms: Terms, numbered: bool) -> list[Outgoing]:
    text, cards = words_of(body, terms), _cards(body, terms)
    items = items_of(body)
    if not items:
        return [*map(Words, split(text, terms.text_bytes)), *cards]
    listed = listing(items, terms.locale, numbered)
    if terms.menus and terms.cards and _fits_menu(items, listed, terms):
        *before, menu = _with_menu(text, items, listed, terms)
        return [*before, *cards, menu]
    return [*map(Words, split(_GAP.join(filter(None, (text, listed))), terms.text_bytes)), *cards]


def items_of(body: Body) -> tuple[Item, ...]:
    """A body's choices, each id once, in the places by which the dialog knows them."""
    labels = {str(one["id"]): _one_line(one["label"]) for one in body.get("choices") or ()}
    return tuple(Item(tap_id(choice), label) for choice, label in labels.items())


def words_of(body: Body, terms: Terms) -> str:
    """A body's text with its links, files that WeChat does not take and its source; without choices."""
    lines = [plain(str(body.get("text") or ""))]
    further = [_line(link, terms) for link in body.get("links") or () if not _is_card(link, terms)]
    further += [_file_line(one, terms) for one in body.get("attachments") or () if _kind(one, terms) is None]
    if (music := body.get("music")) and not _is_player(music, terms):
        further.append(_music_line(music, terms))
    if further:
        lines.append("\n".join(further))
    if question := (body.get("article") or {}).get("question"):
        lines.append(word("source", terms.locale, str(question)))
    return _GAP.join(filter(None, lines))


def listing(items: Sequence[Item], locale: str, numbered: bool) -> str:
    """Choices as lines of text."""
    if not numbered:
        return "\n".join(f"· {item.label}" for item in items)
    lines = (f"{number}. {item.label}" for number, item in enumerate(items, 1))
    return "\n".join((word("choose", locale), *lines))


def plain(text: str) -> str:
    """The part of Markdown that answers are written in, as a text that shows no marks."""
    return _STRONG.sub(r"\1", _NAMED_LINK.sub(r"\1 (\2)", text)).strip()


def _with_menu(text: str, items: tuple[Item, ...], listed: str, terms: Terms) -> list[Outgoing]:
    room = terms.text_bytes - size_of(listed) - size_of(_GAP)
    *before, head = split(text, terms.text_bytes) or [""]
    if size_of(head) > room:
        before, head = [*before, head], ""
    menu = Menu(
        head=head or word("tap", terms.locale),
        items=items,
        tail=word("or_write", terms.locale),
        as_words=Words(_GAP.join(filter(None, (head, listed)))),
    )
    return [*map(Words, before), menu]


def _fits_menu(items: Sequence[Item], listed: str, terms: Terms) -> bool:
    short = all(size_of(item.id) <= MAX_ITEM_ID_BYTES and item.label for item in items)
    return short and len(items) <= MAX_ITEMS and size_of(listed) <= terms.text_bytes // 2


def _one_line(label: object) -> str:
    return " ".join(str(label).split())


def _line(link: Mapping[str, Any], terms: Terms) -> str:
    return f"{_one_line(link.get('label', ''))}: {_address(link, terms)}".removeprefix(": ")


def _file_line(attachment: Mapping[str, Any], terms: Terms) -> str:
    address = terms.addresses.get(str(attachment["id"]), "")
    return f"{word('file', terms.locale, _one_line(attachment.get('name', '')))} {address}".strip()


def _address(link: Mapping[str, Any], terms: Terms) -> str:
    url = str(link.get("url", ""))
    return terms.base_url.rstrip("/") + url if url.startswith("/") else url


def _is_card(link: Mapping[str, Any], terms: Terms) -> bool:
    if not terms.cards or not _one_line(link.get("label", "")):  # WeChat takes no card without a title
        return False
    if _mini_program(link) or _made_there(link, Words("")):
        return True
    return bool(link.get("description") or link.get("image")) and _address(link, terms).startswith("http")


def _cards(body: Body, terms: Terms) -> list[Outgoing]:
    """What WeChat shows as something else than text: files of its kinds, music, pages, mini programs, coupons."""
    cards: list[Outgoing] = []
    for one in body.get("attachments") or ():
        if kind := _kind(one, terms):
            words = Words(_file_line(one, terms))
            cards.append(File(kind, str(one["id"]), _one_line(one.get("name", "")), words))
    if (music := body.get("music")) and _is_player(music, terms):
        title, description, url = (str(music.get(name, "")) for name in ("title", "description", "url"))
        picture, words = str(music["thumb_media_id"]), Words(_music_line(music, terms))
        cards.append(Music(title, description, url, str(music.get("hq_url") or url), picture, words))
    cards += [_card(link, terms) for link in body.get("links") or () if _is_card(link, terms)]
    return cards


def _is_player(music: Mapping[str, Any], terms: Terms) -> bool:
    return terms.cards and bool(music.get("thumb_media_id"))


def _music_line(music: Mapping[str, Any], terms: Terms) -> str:
    return _line({"label": music.get("title", ""), "url": music.get("url", "")}, terms)


def _card(link: Mapping[str, Any], terms: Terms) -> Outgoing:
    title, words = _one_line(link.get("label", "")), Words(_line(link, terms))
    if (card := _made_there(link, words)) is not None:
        return card
    if program := _mini_program(link):
        app_id, path, picture = (str(program[name]) for name in _PROGRAM)
        return MiniProgram(title, app_id, path, picture, words)
    return Article(
        title, str(link.get("description") or ""), _address(link, terms), str(link.get("image") or ""), words
    )


def _made_there(link: Mapping[str, Any], words: Words) -> Outgoing | None:
    """What a link names of the account's own at WeChat, if anything."""
    return next((card(str(link[name]), words) for name, card in _MADE_THERE.items() if link.get(name)), None)


def _mini_program(link: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The page of a mini program behind a link, if WeChat can show its card."""
    program = link.get("mini_program") or {}
    return program if all(program.get(name) for name in _PROGRAM) else None


def _kind(attachment: Mapping[str, Any], terms: Terms) -> Kind | None:
    """As what WeChat takes the file, if it does."""
    if not (terms.files and terms.cards):
        return None
    kind = _KINDS.get(str(attachment.get("type", "")))
    return kind if kind and int(attachment.get("size") or 0) <= MOST_BYTES[kind] else None

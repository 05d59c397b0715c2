"""What a server may answer a push with; everything else shows the user that the account is out of order."""

from dataclasses import dataclass
from typing import Any

from emulators.wechat.account import Account
from emulators.wechat.crypto import CryptoFault, decrypt, signature
from emulators.wechat.documents import DocumentRefused, read
from emulators.wechat.errors import Refused

SILENCE = (b"", b"success")
MAX_BYTES = 64 * 1024
ONE_ARTICLE = frozenset(("text", "image", "voice", "video", "shortvideo", "location", "link"))
MANY_ARTICLES = 8


class ReplyRefused(Exception):
    """An answer that WeChat does not take; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was taken; ``note`` says what of it was not, if anything."""

    type: str
    content: dict[str, Any]
    note: str = ""


def read_reply(body: bytes, account: Account, openid: str, push_type: str) -> Reply | None:
    """The answer to a push of ``push_type``; ``None`` for ``success`` and an empty body: the user is shown nothing.

    Raises :class:`ReplyRefused`.
    """
    if body in SILENCE:
        return None
    if len(body) > MAX_BYTES:
        raise ReplyRefused("the body is too long")
    try:
        fields = _opened(read(body.decode(), account.settings.format), account)
    except UnicodeDecodeError:
        raise ReplyRefused("the body is not UTF-8") from None
    except (DocumentRefused, CryptoFault) as fault:
        raise ReplyRefused(str(fault)) from None
    _addressed(fields, account, openid)
    kind = _text(fields, "MsgType")
    try:
        return _content(kind, fields, account, push_type)
    except Refused as refused:
        raise ReplyRefused(f"a MediaId is not known or of another kind ({refused.errcode})") from None


def _opened(fields: dict[str, Any], account: Account) -> dict[str, Any]:
    settings = account.settings
    if "Encrypt" not in fields:
        if settings.mode == "safe":
            raise ReplyRefused("safe mode asks for an encrypted answer")
        return fields
    if not settings.encrypts:
        raise ReplyRefused("plain mode knows no encrypted answer")
    cipher, stamp, nonce = (_text(fields, name) for name in ("Encrypt", "TimeStamp", "Nonce"))
    if _text(fields, "MsgSignature") != signature(settings.token, stamp, nonce, cipher):
        raise ReplyRefused("the MsgSignature is wrong")
    return read(decrypt(cipher, account.push_key(), settings.appid), settings.format)


def _addressed(fields: dict[str, Any], account: Account, openid: str) -> None:
    if _text(fields, "ToUserName") != openid:
        raise ReplyRefused("the ToUserName is not the user's openid")
    if _text(fields, "FromUserName") != account.settings.original_id:
        raise ReplyRefused("the FromUserName is not the account's")
    if not _text(fields, "CreateTime").isdecimal():
        raise ReplyRefused("the CreateTime is not a number")


def _content(kind: str, fields: dict[str, Any], account: Account, push_type: str) -> Reply:
    match kind:
        case "text":
            text = _text(fields, "Content")
            if len(text.encode()) > account.world.settings.text_bytes:
                raise ReplyRefused("the Content is too long")
            return Reply("text", {"content": text})
        case "image" | "voice":
            return Reply(kind, _medium(_part(fields, kind.capitalize()), account, kind))
        case "video":
            part = _part(fields, "Video")
            titles = {"title": str(part.get("Title", "")), "description": str(part.get("Description", ""))}
            return Reply("video", _medium(part, account, "video") | titles)
        case "music":
            return Reply("music", _music(_part(fields, "Music"), account))
        case "news":
            return _news(fields, push_type)
        case "transfer_customer_service":
            part = fields.get("TransInfo", {})
            wanted = str(part.get("KfAccount", "")) if isinstance(part, dict) else ""
            if wanted and wanted not in account.settings.kf_accounts:
                raise ReplyRefused("the KfAccount is not known")
            return Reply("transfer_customer_service", {"kf_account": wanted})
    raise ReplyRefused(f"the MsgType {kind[:40]} is none of an answer")


def _medium(part: dict[str, Any], account: Account, kind: str, name: str = "MediaId") -> dict[str, Any]:
    medium = account.media.get(_text(part, name), account.world.clock.now(), (kind,))
    return {"media_id": medium.media_id, "url": account.world.media_url(medium.media_id)}


def _music(part: dict[str, Any], account: Account) -> dict[str, Any]:
    thumb = _medium(part, account, "thumb", "ThumbMediaId")
    names = {"title": "Title", "description": "Description", "url": "MusicUrl", "hq_url": "HQMusicUrl"}
    return {key: str(part.get(name, "")) for key, name in names.items()} | {"thumb_url": thumb["url"]}


def _news(fields: dict[str, Any], push_type: str) -> Reply:
    articles = fields.get("Articles")
    items = articles.get("item") if isinstance(articles, dict) else articles
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise ReplyRefused("there are no Articles")
    if _text(fields, "ArticleCount") != str(len(items)):
        raise ReplyRefused("the ArticleCount is not the number of the Articles")
    shown = [
        {"title": _text(item, "Title")} | {key: str(item.get(name, "")) for key, name in ARTICLE.items()}
        for item in items
    ]
    most = 1 if push_type in ONE_ARTICLE else MANY_ARTICLES
    note = f"only {most} of {len(shown)} articles are shown" if len(shown) > most else ""
    return Reply("news", {"articles": shown[:most]}, note)


ARTICLE = {"description": "Description", "picture": "PicUrl", "url": "Url"}


def _part(fields: dict[str, Any], name: str) -> dict[str, Any]:
    part = fields.get(name)
    if not isinstance(part, dict):
        raise ReplyRefused(f"<{name}> is missing")
    return part


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise ReplyRefused(f"<{name}> is missing or empty")
    return value

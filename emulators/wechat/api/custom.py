"""Customer-service messages and the typing state."""

from collections.abc import Callable
from typing import Any

from emulators.wechat.api.call import OK, Answer, ApiCall, Endpoint, text_in
from emulators.wechat.errors import Refused

SPOKEN_WITHIN_S = 30
TYPING_S = 15

Part = dict[str, Any]


async def _send(call: ApiCall) -> Answer:
    """Everything about the message is looked at before the window is: a wrong message costs nothing."""
    chat = call.account.chat(call.body.get("touser"), follower=True)
    if chat.refuses_messages:
        raise Refused(48002)
    kind = call.body.get("msgtype")
    read = CONTENTS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise Refused(40008)
    content = read(call, call.part(str(kind)))
    service = call.body.get("customservice")
    if service is not None:
        content["kf_account"] = _known_service(call, service)
    chat.window.spend(call.now)
    chat.typing_until = float("-inf")
    chat.person.phone.show(call.account.settings.name, "custom", str(kind), content)
    return OK


async def _typing(call: ApiCall) -> Answer:
    chat = call.account.chat(call.body.get("touser"), follower=True)
    command = call.body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise Refused(45072)
    on = command == "Typing"
    if on and call.now - chat.spoke_at > SPOKEN_WITHIN_S:
        raise Refused(45080)
    if on and chat.typing_until > call.now:
        raise Refused(45081)
    chat.typing_until = call.now + TYPING_S if on else float("-inf")
    shown = {"on": on, "until": chat.typing_until if on else None}
    chat.person.phone.show(call.account.settings.name, "typing", "typing", shown)
    return OK


def _known_service(call: ApiCall, service: object) -> str:
    name = service.get("kf_account") if isinstance(service, dict) else None
    if not isinstance(name, str) or name not in call.account.settings.kf_accounts:
        raise Refused(65401)
    return name


def _text(call: ApiCall, part: Part) -> Part:
    content = text_in(part, "content", 44004)
    if _size(content) > call.world.settings.text_bytes:
        raise Refused(45002)
    return {"content": content}


def _medium(call: ApiCall, part: Part, kind: str, name: str = "media_id") -> Part:
    medium = call.account.media.get(part.get(name), call.now, (kind,))
    return {"media_id": medium.media_id, "url": call.world.media_url(medium.media_id)}


def _image(call: ApiCall, part: Part) -> Part:
    return _medium(call, part, "image")


def _voice(call: ApiCall, part: Part) -> Part:
    return _medium(call, part, "voice")


def _video(call: ApiCall, part: Part) -> Part:
    shown = _medium(call, part, "video")
    if part.get("thumb_media_id"):
        shown["thumb_url"] = _medium(call, part, "thumb", "thumb_media_id")["url"]
    return shown | _titles(part)


def _music(call: ApiCall, part: Part) -> Part:
    urls = {"url": text_in(part, "musicurl"), "hq_url": text_in(part, "hqmusicurl")}
    return _titles(part) | urls | {"thumb_url": _medium(call, part, "thumb", "thumb_media_id")["url"]}


def _news(call: ApiCall, part: Part) -> Part:
    articles = part.get("articles")
    if not isinstance(articles, list) or not articles or not all(isinstance(one, dict) for one in articles):
        raise Refused(47001)
    if len(articles) > 1:  # since 2018 a customer-service message has one article
        raise Refused(45008)
    article = articles[0]
    picture = {"picture": str(article.get("picurl", "")), "url": str(article.get("url", ""))}
    return {"articles": [_titles(article) | picture | {"title": text_in(article, "title")}]}


def _material(name: str, errcode: int) -> Callable[[ApiCall, Part], Part]:
    """A message that names something made in the account's console: its id must be known there."""

    def read(call: ApiCall, part: Part) -> Part:
        value = text_in(part, name, errcode)
        if value not in call.account.settings.materials:
            raise Refused(errcode)
        return {name: value}

    return read


def _msgmenu(call: ApiCall, part: Part) -> Part:
    if "msgmenu" not in call.account.settings.rights:
        raise Refused(40200)
    items = part.get("list")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise Refused(47001)
    if len(items) > call.world.settings.msgmenu_items:
        raise Refused(45098)
    listed = [{"id": text_in(item, "id"), "content": text_in(item, "content", 44004)} for item in items]
    head, tail = str(part.get("head_content", "")), str(part.get("tail_content", ""))
    if _size(head + tail + "".join(item["content"] for item in listed)) > call.world.settings.text_bytes:
        raise Refused(45002)
    return {"head": head, "items": listed, "tail": tail}


def _mini_program(call: ApiCall, part: Part) -> Part:
    names = {name: text_in(part, name) for name in ("title", "appid", "pagepath")}
    return names | {"thumb_url": _medium(call, part, "thumb", "thumb_media_id")["url"]}


def _titles(part: Part) -> Part:
    return {"title": str(part.get("title", "")), "description": str(part.get("description", ""))}


def _size(text: str) -> int:
    """Bytes of UTF-8; a lone surrogate, which JSON can carry, counts as what it is replaced by."""
    return len(text.encode(errors="replace"))


CONTENTS: dict[str, Callable[[ApiCall, Part], Part]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "music": _music,
    "news": _news,
    "mpnews": _material("media_id", 40007),
    "mpnewsarticle": _material("article_id", 40007),
    "msgmenu": _msgmenu,
    "wxcard": _material("card_id", 40097),
    "miniprogrampage": _mini_program,
}

ENDPOINTS = {
    "/cgi-bin/message/custom/send": Endpoint(_send, "POST", "customer_service"),
    "/cgi-bin/message/custom/typing": Endpoint(_typing, "POST", "customer_service"),
}

"""POST /control/users/{user}/{act}: one model and one function per act."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from emulators.wechat.account import Chat
from emulators.wechat.acts import Acts
from emulators.wechat.control.bodies import Body
from emulators.wechat.control.menu_acts import Tap, tap
from emulators.wechat.errors import BadCommand
from emulators.wechat.media import KINDS
from emulators.wechat.push.record import Push
from emulators.wechat.push.transfer import end_session, switch_session
from emulators.wechat.samples import SAMPLES
from emulators.wechat.voices import MOST_SECONDS, seconds_of

Pushes = Sequence[Push | None]


class Act(Body):
    """What every act may say: ``account`` is a name or an appid, without it the first account is meant."""

    account: str | None = None


class Follow(Act):
    quiet: bool = False


class Scan(Act):
    ticket: str


class Text(Act):
    content: str = Field(max_length=20_000)
    msg_data_id: str | None = None
    idx: int | None = None


class Picture(Act):
    data: str | None = None


class Voice(Act):
    data: str | None = None
    format: str = "amr"
    recognition: str | None = None


class Video(Act):
    data: str | None = None


class Location(Act):
    x: float
    y: float
    scale: int = 15
    label: str = ""


class Link(Act):
    title: str
    description: str = ""
    url: str


class Position(Act):
    latitude: float
    longitude: float
    precision: float = 30.0


class Choose(Act):
    id: str


class Consent(Act):
    templates: dict[str, Literal["accept", "reject"]] = Field(min_length=1)
    scene: int = 0


class Refusal(Act):
    refuses: bool = True


class Switch(Act):
    kf_account: str


class Raw(Act):
    type: str
    fields: dict[str, Any]
    answerable: bool = True


def _follow(acts: Acts, chat: Chat, body: Follow) -> Pushes:
    if body.quiet:
        acts.follow_quietly(chat)
        return []
    return [acts.follow(chat)]


def _unfollow(acts: Acts, chat: Chat, body: Act) -> Pushes:
    return [acts.unfollow(chat)]


def _scan(acts: Acts, chat: Chat, body: Scan) -> Pushes:
    return [acts.scan(chat, body.ticket)]


def _text(acts: Acts, chat: Chat, body: Text) -> Pushes:
    fields: dict[str, Any] = {"Content": body.content}
    if body.msg_data_id is not None:
        fields |= {"MsgDataId": body.msg_data_id, "Idx": body.idx or 1}
    return [acts.message(chat, "text", fields, {"content": body.content})]


def _kept(chat: Chat, kind: str, data: str | None) -> tuple[str, str]:
    """The id and the address of what the phone sends."""
    try:
        content = SAMPLES[kind] if data is None else base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BadCommand("data is not base64") from None
    if kind == "voice" and (len(content) > KINDS["voice"].most or seconds_of(content) > MOST_SECONDS):
        raise BadCommand("a phone records at most 60 s and 2 MB of voice", 413)
    world = chat.account.world
    medium = chat.account.media.keep("video" if kind == "shortvideo" else kind, content, world.clock.now())
    return medium.media_id, world.media_url(medium.media_id)


def _image(acts: Acts, chat: Chat, body: Picture) -> Pushes:
    acts.following(chat)
    media_id, url = _kept(chat, "image", body.data)
    return [acts.message(chat, "image", {"PicUrl": url, "MediaId": media_id}, {"media_id": media_id, "url": url})]


def _voice(acts: Acts, chat: Chat, body: Voice) -> Pushes:
    acts.following(chat)
    media_id, url = _kept(chat, "voice", body.data)
    fields = {"MediaId": media_id, "Format": body.format, "MediaId16K": _kept(chat, "voice", body.data)[0]}
    if body.recognition is not None:
        fields["Recognition"] = body.recognition
    return [acts.message(chat, "voice", fields, {"media_id": media_id, "url": url})]


def _video(kind: str) -> Callable[[Acts, Chat, Video], Pushes]:
    def send(acts: Acts, chat: Chat, body: Video) -> Pushes:
        acts.following(chat)
        media_id, url = _kept(chat, kind, body.data)
        fields = {"MediaId": media_id, "ThumbMediaId": _kept(chat, "thumb", None)[0]}
        return [acts.message(chat, kind, fields, {"media_id": media_id, "url": url})]

    return send


def _location(acts: Acts, chat: Chat, body: Location) -> Pushes:
    fields = {"Location_X": body.x, "Location_Y": body.y, "Scale": body.scale, "Label": body.label}
    shown = {"x": body.x, "y": body.y, "label": body.label}
    return [acts.message(chat, "location", fields, shown)]


def _link(acts: Acts, chat: Chat, body: Link) -> Pushes:
    shown = {"title": body.title, "description": body.description, "url": body.url}
    return [acts.message(chat, "link", {name.capitalize(): value for name, value in shown.items()}, shown)]


def _position(acts: Acts, chat: Chat, body: Position) -> Pushes:
    acts.following(chat)
    fields = {"Latitude": body.latitude, "Longitude": body.longitude, "Precision": body.precision}
    return [acts.event(chat, "LOCATION", fields)]


def _choose(acts: Acts, chat: Chat, body: Choose) -> Pushes:
    """Taps an item of a message menu that the phone shows: it is sent as a text, and counts as a menu tap."""
    lines = chat.person.phone.lines(account=chat.account.settings.name, how=("custom",))
    for line in reversed([line for line in lines if line.type == "msgmenu"]):
        for item in line.content["items"]:
            if item["id"] == body.id:
                fields = {"Content": item["content"], "bizmsgmenuid": body.id}
                return [acts.message(chat, "text", fields, {"content": item["content"]}, trigger="tap")]
    raise BadCommand(f"the phone shows no message menu with an item {body.id}", 404)


def _consent(acts: Acts, chat: Chat, body: Consent) -> Pushes:
    """Answers the question whether notices may be sent: each consent is good for one, or for all of a long-term one."""
    acts.following(chat)
    _of_subscription(chat, body)
    for template, answer in body.templates.items():
        if answer == "accept":
            chat.consents[template] = chat.consents.get(template, 0) + 1
    listed = [
        {"TemplateId": template, "SubscribeStatusString": answer, "PopupScene": body.scene}
        for template, answer in body.templates.items()
    ]
    acts.own_line(chat, "consent", {"templates": body.templates})
    return [acts.event(chat, "subscribe_msg_popup_event", {"SubscribeMsgPopupEvent": {"List": listed}})]


def _consent_change(acts: Acts, chat: Chat, body: Consent) -> Pushes:
    """Takes consents back in the account's settings page (or gives one to a long-term template again)."""
    acts.following(chat)
    _of_subscription(chat, body)
    for template, answer in body.templates.items():
        chat.consents[template] = 1 if answer == "accept" else 0
    listed = [{"TemplateId": name, "SubscribeStatusString": answer} for name, answer in body.templates.items()]
    change = {"SubscribeMsgChangeEvent": {"List": listed}}
    return [acts.event(chat, "subscribe_msg_change_event", change, answerable=False)]


def _of_subscription(chat: Chat, body: Consent) -> None:
    for name in body.templates:
        template = chat.account.templates.get(name)
        if template is None or template.kind != "subscription":
            raise BadCommand(f"there is no subscription template {name}", 404)


def _pay(acts: Acts, chat: Chat, body: Act) -> Pushes:
    acts.pay(chat)
    return []


def _refuse_templates(acts: Acts, chat: Chat, body: Refusal) -> Pushes:
    chat.refuses_templates = body.refuses
    return []


def _refuse_messages(acts: Acts, chat: Chat, body: Refusal) -> Pushes:
    chat.refuses_messages = body.refuses
    return []


def _end_session(acts: Acts, chat: Chat, body: Act) -> Pushes:
    if not end_session(chat, acts.push):
        raise BadCommand("there is no session", 409)
    return []


def _switch_session(acts: Acts, chat: Chat, body: Switch) -> Pushes:
    if body.kf_account not in chat.account.settings.kf_accounts:
        raise BadCommand(f"there is no {body.kf_account}", 404)
    if not switch_session(chat, body.kf_account, acts.push):
        raise BadCommand("there is no session", 409)
    return []


def _raw(acts: Acts, chat: Chat, body: Raw) -> Pushes:
    return [acts.push(chat, body.type, body.fields, answerable=body.answerable)]


ACTS: dict[str, tuple[type[BaseModel], Callable[[Acts, Chat, Any], Pushes]]] = {
    "follow": (Follow, _follow),
    "unfollow": (Act, _unfollow),
    "scan": (Scan, _scan),
    "text": (Text, _text),
    "image": (Picture, _image),
    "voice": (Voice, _voice),
    "video": (Video, _video("video")),
    "shortvideo": (Video, _video("shortvideo")),
    "location": (Location, _location),
    "link": (Link, _link),
    "position": (Position, _position),
    "tap": (Tap, tap),
    "choose": (Choose, _choose),
    "consent": (Consent, _consent),
    "consent-change": (Consent, _consent_change),
    "pay": (Act, _pay),
    "refuse-templates": (Refusal, _refuse_templates),
    "refuse-messages": (Refusal, _refuse_messages),
    "end-session": (Act, _end_session),
    "switch-session": (Switch, _switch_session),
    "push": (Raw, _raw),
}

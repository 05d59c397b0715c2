"""Mass sends: to all, to a tag, to a list of openids."""

import time
from typing import Any

from emulators.wechat.account import Chat, MassJob
from emulators.wechat.api.call import OK, Answer, ApiCall, Endpoint, text_in
from emulators.wechat.errors import Refused
from emulators.wechat.tokens import BEIJING, DAY

A_MONTH = 4
CLIENT_ID_CHARACTERS = 64
MOST_OPENIDS = 10_000
KINDS: dict[str, str] = {"text": "content", "image": "media_id", "voice": "media_id", "mpnews": "media_id"}


async def _send(call: ApiCall) -> Answer:
    openids = call.body.get("touser")
    if not isinstance(openids, list) or not 2 <= len(openids) <= MOST_OPENIDS:
        raise Refused(40130)
    known = (call.account.chats.get(one) for one in openids if isinstance(one, str))
    return _begin(call, [chat for chat in known if chat is not None])


async def _send_all(call: ApiCall) -> Answer:
    chosen = call.part("filter")
    if chosen.get("is_to_all"):
        return _begin(call, call.account.followers())
    tag = chosen.get("tag_id")
    if not isinstance(tag, int) or tag not in call.account.tags:
        raise Refused(45159)
    return _begin(call, [chat for chat in call.account.followers() if tag in chat.tags])


async def _preview(call: ApiCall) -> Answer:
    chat = call.account.chat(call.body.get("touser"), follower=True)
    kind, content = _content(call)
    number = call.world.number()
    chat.person.phone.show(call.account.settings.name, "mass", kind, content, msgid=number)
    return {**OK, "errmsg": "preview success", "msg_id": number}


def _begin(call: ApiCall, chats: list[Chat]) -> dict[str, Any]:
    """Sends to who follows and has not had the month's number; then tells the account how many it reached."""
    kind, content = _content(call)
    client_id = call.body.get("clientmsgid") or ""
    if not isinstance(client_id, str) or len(client_id) > CLIENT_ID_CHARACTERS:
        raise Refused(45067)
    for job in call.account.mass.values():
        if client_id and job.client_id == client_id:
            raise Refused(45065, msg_id=job.msg_id, msg_data_id=job.msg_data_id)
    fitting = [chat for chat in chats if chat.following and not chat.refuses_messages and _may_have(chat, call.now)]
    if not fitting:
        raise Refused(45028)
    number = call.world.number()
    for chat in fitting:
        chat.mass_sent.append(call.now)
        chat.person.phone.show(call.account.settings.name, "mass", kind, content, msgid=number)
    job = MassJob(number, call.world.number(), client_id, len(chats), len(fitting))
    call.account.mass[number] = job
    counts = {"TotalCount": job.total, "FilterCount": job.sent, "SentCount": job.sent, "ErrorCount": 0}
    fields = {"MsgID": number, "Status": "send success", **counts}
    call.acts.event(fitting[0], "MASSSENDJOBFINISH", fields, answerable=False)
    told = {"msg_id": number, "msg_data_id": job.msg_data_id}
    return {"errcode": 0, "errmsg": "send job submission success", **told}


def _may_have(chat: Chat, now: float) -> bool:
    """Four a month from a service account, one a day from a subscription account."""
    if chat.account.settings.kind == "subscription":
        midnight = (now + BEIJING) // DAY * DAY - BEIJING
        return not any(at >= midnight for at in chat.mass_sent)
    return sum(_month(at) == _month(now) for at in chat.mass_sent) < A_MONTH


def _month(at: float) -> tuple[int, int]:
    moment = time.gmtime(at + BEIJING)
    return moment.tm_year, moment.tm_mon


def _content(call: ApiCall) -> tuple[str, dict[str, Any]]:
    kind = call.body.get("msgtype")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused(40008)
    part = call.part(kind)
    if kind == "text":
        return kind, {"content": text_in(part, "content", 44004)}
    name = text_in(part, "media_id", 40007)
    if kind == "mpnews":
        if name not in call.account.settings.materials:
            raise Refused(40007)
        return kind, {"media_id": name}
    medium = call.account.media.get(name, call.now, (kind,))
    return kind, {"media_id": name, "url": call.world.media_url(medium.media_id)}


async def _status(call: ApiCall) -> Answer:
    job = _job(call)
    return {"msg_id": job.msg_id, "msg_status": "DELETE" if job.deleted else "SEND_SUCCESS"}


async def _delete(call: ApiCall) -> Answer:
    _job(call).deleted = True
    return OK


def _job(call: ApiCall) -> MassJob:
    try:
        return call.account.mass[int(call.body.get("msg_id", 0))]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Refused(40097) from None


ENDPOINTS = {
    "/cgi-bin/message/mass/send": Endpoint(_send, "POST", "mass"),
    "/cgi-bin/message/mass/sendall": Endpoint(_send_all, "POST", "mass"),
    "/cgi-bin/message/mass/preview": Endpoint(_preview, "POST", "mass"),
    "/cgi-bin/message/mass/get": Endpoint(_status, "POST", "mass"),
    "/cgi-bin/message/mass/delete": Endpoint(_delete, "POST", "mass"),
}

"""Followers and their tags."""

from typing import Any

from emulators.wechat.account import Chat
from emulators.wechat.api.call import OK, Answer, ApiCall, Endpoint
from emulators.wechat.errors import Refused

MOST_AT_ONCE = 100
PAGE = 10_000
MOST_TAGS, TAGS_OF_ONE = 100, 20
TAG_BYTES = 30
SYSTEM_TAGS = frozenset((0, 1, 2))


def _info(chat: Chat) -> dict[str, Any]:
    """A user as user/info tells of them: since the end of 2021 without a name or a picture."""
    unionid = chat.account.unionid(chat.person.name)
    bound = {"unionid": unionid} if unionid else {}
    if not chat.following:
        return {"subscribe": 0, "openid": chat.openid, **bound}
    tags = sorted(chat.tags)
    return {
        "subscribe": 1,
        "openid": chat.openid,
        "language": chat.person.language,
        "subscribe_time": int(chat.followed_at),
        **bound,
        "remark": chat.remark,
        "groupid": tags[0] if tags else 0,
        "tagid_list": tags,
        "subscribe_scene": chat.came_by,
        "qr_scene": int(chat.scene) if chat.scene.isdecimal() else 0,
        "qr_scene_str": "" if chat.scene.isdecimal() else chat.scene,
    }


async def _user_info(call: ApiCall) -> Answer:
    return _info(call.account.chat(call.query.get("openid")))


async def _user_info_batch(call: ApiCall) -> Answer:
    wanted = call.body.get("user_list")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise Refused(40097)
    openids = [one.get("openid") if isinstance(one, dict) else None for one in wanted]
    return {"user_info_list": [_info(call.account.chat(openid)) for openid in openids]}


async def _users(call: ApiCall) -> Answer:
    openids = [chat.openid for chat in call.account.followers()]
    return _page(openids, call.query.get("next_openid") or "") | {"total": len(openids)}


def _page(openids: list[str], after: str) -> dict[str, Any]:
    if after and after not in openids:
        raise Refused(40003)
    start = openids.index(after) + 1 if after else 0
    page = openids[start : start + PAGE]
    data = {"data": {"openid": page}} if page else {}
    return {"count": len(page), **data, "next_openid": page[-1] if page else ""}


async def _remark(call: ApiCall) -> Answer:
    chat = call.account.chat(call.body.get("openid"), follower=True)
    remark = call.body.get("remark")
    if not isinstance(remark, str) or len(remark) >= 30:
        raise Refused(40035)
    chat.remark = remark
    return OK


def _counted(call: ApiCall, number: int) -> dict[str, Any]:
    count = sum(number in chat.tags for chat in call.account.followers())
    return {"id": number, "name": call.account.tags[number], "count": count}


async def _tags(call: ApiCall) -> Answer:
    return {"tags": [_counted(call, number) for number in call.account.tags]}


def _tag_name(call: ApiCall) -> str:
    name = call.part("tag").get("name")
    if not isinstance(name, str) or not name or name in call.account.tags.values():
        raise Refused(45157)
    if len(name.encode(errors="replace")) > TAG_BYTES:
        raise Refused(45158)
    return name


def _tag(call: ApiCall, number: object) -> int:
    if not isinstance(number, int) or number not in call.account.tags:
        raise Refused(45159)
    return number


async def _create_tag(call: ApiCall) -> Answer:
    name = _tag_name(call)
    if len(call.account.tags) >= MOST_TAGS:
        raise Refused(45056)
    number = call.account.next_tag
    call.account.next_tag += 1
    call.account.tags[number] = name
    return {"tag": {"id": number, "name": name}}


async def _rename_tag(call: ApiCall) -> Answer:
    number = _tag(call, call.part("tag").get("id"))
    if number in SYSTEM_TAGS:
        raise Refused(45058)
    call.account.tags[number] = _tag_name(call)
    return OK


async def _delete_tag(call: ApiCall) -> Answer:
    number = _tag(call, call.part("tag").get("id"))
    if number in SYSTEM_TAGS:
        raise Refused(45058)
    del call.account.tags[number]
    for chat in call.account.chats.values():
        chat.tags.discard(number)
    return OK


async def _tagged(call: ApiCall) -> Answer:
    number = _tag(call, call.body.get("tagid"))
    openids = [chat.openid for chat in call.account.followers() if number in chat.tags]
    return _page(openids, str(call.body.get("next_openid") or ""))


def _listed(call: ApiCall) -> list[Chat]:
    openids = call.body.get("openid_list")
    if not isinstance(openids, list) or not 1 <= len(openids) <= 50:
        raise Refused(40035)
    return [call.account.chat(openid, follower=True) for openid in openids]


async def _tag_users(call: ApiCall) -> Answer:
    number, chats = _tag(call, call.body.get("tagid")), _listed(call)
    if any(number not in chat.tags and len(chat.tags) >= TAGS_OF_ONE for chat in chats):
        raise Refused(45059)
    for chat in chats:
        chat.tags.add(number)
    return OK


async def _untag_users(call: ApiCall) -> Answer:
    number = _tag(call, call.body.get("tagid"))
    for chat in _listed(call):
        chat.tags.discard(number)
    return OK


async def _tags_of(call: ApiCall) -> Answer:
    return {"tagid_list": sorted(call.account.chat(call.body.get("openid")).tags)}


ENDPOINTS = {
    "/cgi-bin/user/info": Endpoint(_user_info, "GET", "users"),
    "/cgi-bin/user/info/batchget": Endpoint(_user_info_batch, "POST", "users"),
    "/cgi-bin/user/info/updateremark": Endpoint(_remark, "POST", "users"),
    "/cgi-bin/user/get": Endpoint(_users, "GET", "users"),
    "/cgi-bin/user/tag/get": Endpoint(_tagged, "POST", "users"),
    "/cgi-bin/tags/get": Endpoint(_tags, "GET", "users"),
    "/cgi-bin/tags/create": Endpoint(_create_tag, "POST", "users"),
    "/cgi-bin/tags/update": Endpoint(_rename_tag, "POST", "users"),
    "/cgi-bin/tags/delete": Endpoint(_delete_tag, "POST", "users"),
    "/cgi-bin/tags/members/batchtagging": Endpoint(_tag_users, "POST", "users"),
    "/cgi-bin/tags/members/batchuntagging": Endpoint(_untag_users, "POST", "users"),
    "/cgi-bin/tags/getidlist": Endpoint(_tags_of, "POST", "users"),
}

"""Sessions with a person in WeChat's own customer service: begun, ended and looked up by the account."""

from emulators.wechat.account import Chat
from emulators.wechat.api.call import OK, Answer, ApiCall, Endpoint
from emulators.wechat.errors import Refused
from emulators.wechat.push.transfer import begin_session, end_session


async def _create(call: ApiCall) -> Answer:
    """Gives a follower to a person; 65414 when another person has them."""
    kf_account, chat = _person(call, call.body.get("kf_account")), _follower(call, call.body.get("openid"))
    if chat.session is not None and chat.session.kf_account != kf_account:
        raise Refused(65414)
    if chat.session is None:
        begin_session(call.world, chat, kf_account, call.acts.push)
    return OK


async def _close(call: ApiCall) -> Answer:
    kf_account, chat = _person(call, call.body.get("kf_account")), _follower(call, call.body.get("openid"))
    if chat.session is None or chat.session.kf_account != kf_account:
        raise Refused(65413)
    end_session(chat, call.acts.push)
    return OK


async def _session(call: ApiCall) -> Answer:
    session = _follower(call, call.query.get("openid")).session
    if session is None:
        return OK | {"kf_account": "", "createtime": 0}
    return OK | {"kf_account": session.kf_account, "createtime": int(session.begun_at)}


async def _sessions(call: ApiCall) -> Answer:
    kf_account = _person(call, call.query.get("kf_account"))
    held = [(chat, chat.session) for chat in call.account.chats.values() if chat.session is not None]
    return {
        "sessionlist": [
            {"openid": chat.openid, "createtime": int(session.begun_at)}
            for chat, session in held
            if session.kf_account == kf_account
        ]
    }


async def _waiting(call: ApiCall) -> Answer:
    """Nobody waits here: who is handed over is with a person at once."""
    return {"count": 0, "waitcaselist": []}


async def _people(call: ApiCall) -> Answer:
    listed = enumerate(call.account.settings.kf_accounts, 1001)
    return {"kf_list": [{"kf_account": name, "kf_id": str(number), "kf_nick": name} for number, name in listed]}


async def _online(call: ApiCall) -> Answer:
    held = [chat.session.kf_account for chat in call.account.chats.values() if chat.session is not None]
    listed = enumerate(call.account.settings.kf_accounts, 1001)
    return {
        "kf_online_list": [
            {"kf_account": name, "status": 1, "kf_id": str(number), "accepted_case": held.count(name)}
            for number, name in listed
        ]
    }


def _person(call: ApiCall, name: object) -> str:
    if not isinstance(name, str) or name not in call.account.settings.kf_accounts:
        raise Refused(65401)
    return name


def _follower(call: ApiCall, openid: object) -> Chat:
    return call.account.chat(openid, follower=True)


ENDPOINTS = {
    "/customservice/kfsession/create": Endpoint(_create, "POST", "customer_service"),
    "/customservice/kfsession/close": Endpoint(_close, "POST", "customer_service"),
    "/customservice/kfsession/getsession": Endpoint(_session, "GET", "customer_service"),
    "/customservice/kfsession/getsessionlist": Endpoint(_sessions, "GET", "customer_service"),
    "/customservice/kfsession/getwaitcase": Endpoint(_waiting, "GET", "customer_service"),
    "/cgi-bin/customservice/getkflist": Endpoint(_people, "GET", "customer_service"),
    "/cgi-bin/customservice/getonlinekflist": Endpoint(_online, "GET", "customer_service"),
}

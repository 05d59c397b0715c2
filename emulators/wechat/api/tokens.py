"""cgi-bin/token, cgi-bin/stable_token, the quotas and the addresses WeChat calls from."""

from typing import Any

from emulators.wechat.api.call import OK, Answer, ApiCall, Endpoint
from emulators.wechat.errors import Refused


async def _token(call: ApiCall) -> Answer:
    if call.query.get("grant_type") != "client_credential":
        raise Refused(40002)
    return _given(*call.account.tokens.fetch(call.now))


async def _stable_token(call: ApiCall) -> Answer:
    if call.body.get("grant_type") != "client_credential":
        raise Refused(40002)
    force = call.body.get("force_refresh", False)
    if not isinstance(force, bool):
        raise Refused(47001)
    return _given(*call.account.tokens.stable(call.now, force=force))


def _given(value: str, seconds: int) -> dict[str, Any]:
    return {"access_token": value, "expires_in": seconds}


async def _clear_quota(call: ApiCall) -> Answer:
    if call.body.get("appid") != call.account.settings.appid:
        raise Refused(40013)
    call.account.quotas.clear(call.now)
    return OK


async def _quota(call: ApiCall) -> Answer:
    path = call.text("cgi_path", 40066)
    limit, used = call.account.quotas.limit(path), call.account.quotas.used(path, call.now)
    return {**OK, "quota": {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}}


async def _rid(call: ApiCall) -> Answer:
    wanted = call.text("rid")
    found = next((one for one in reversed(call.world.calls) if one.rid == wanted), None)
    if found is None or found.account not in ("", call.account.settings.name):
        raise Refused(40097)
    told = {"invoke_time": int(found.at), "cost_in_ms": round(found.seconds * 1000), "request_url": found.path}
    return {**OK, "request": {**told, "client_ip": call.request.remote, "response_body": f"errcode {found.errcode}"}}


async def _addresses(call: ApiCall) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


ENDPOINTS = {
    "/cgi-bin/token": Endpoint(_token, "GET", token=False),
    "/cgi-bin/stable_token": Endpoint(_stable_token, "POST", token=False),
    "/cgi-bin/clear_quota": Endpoint(_clear_quota, "POST"),
    "/cgi-bin/clear_quota/v2": Endpoint(_clear_quota, "POST", token=False),
    "/cgi-bin/openapi/quota/get": Endpoint(_quota, "POST"),
    "/cgi-bin/openapi/rid/get": Endpoint(_rid, "POST"),
    "/cgi-bin/getcallbackip": Endpoint(_addresses, "GET"),
    "/cgi-bin/get_api_domain_ip": Endpoint(_addresses, "GET"),
}

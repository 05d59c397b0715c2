"""Who may call the API: tokens, secrets, addresses, methods, bodies; how refusals look."""

import re

import pytest

from tests.integration.emulators.wechat_lab import Lab, account, lab

INFO = "/cgi-bin/user/info"
SEND = "/cgi-bin/message/custom/send"


def named(wechat: Lab, **changes: str) -> dict[str, str]:
    settings = wechat.world.account_named("shop").settings
    return {"grant_type": "client_credential", "appid": settings.appid, "secret": settings.secret} | changes


async def test_both_kinds_of_tokens_open_the_api(wechat: Lab) -> None:
    openid = await wechat.user()
    ordinary = await wechat.get("/cgi-bin/token", **named(wechat))
    stable = await wechat.post("/cgi-bin/stable_token", named(wechat))
    assert ordinary["expires_in"] == stable["expires_in"] == 7200
    for told in (ordinary, stable):
        assert (await wechat.get(INFO, access_token=told["access_token"], openid=openid))["subscribe"] == 1


async def test_a_fetch_ends_the_ordinary_token_before_and_never_the_stable_one(wechat: Lab) -> None:
    openid = await wechat.user()
    first = (await wechat.get("/cgi-bin/token", **named(wechat)))["access_token"]
    stable = await wechat.token()
    await wechat.get("/cgi-bin/token", **named(wechat))
    assert "openid" in await wechat.get(INFO, access_token=first, openid=openid)
    await wechat.control("POST", "/clock/advance", {"seconds": 301})
    assert (await wechat.get(INFO, access_token=first, openid=openid))["errcode"] == 40001
    assert "openid" in await wechat.get(INFO, access_token=stable, openid=openid)
    await wechat.control("POST", "/clock/advance", {"seconds": 7200})
    assert (await wechat.get(INFO, access_token=stable, openid=openid))["errcode"] == 42001


async def test_a_forced_refresh_ends_the_stable_token(wechat: Lab) -> None:
    openid = await wechat.user()
    stable = await wechat.token()
    assert await wechat.token() == stable
    forced = named(wechat) | {"force_refresh": True}
    assert (await wechat.post("/cgi-bin/stable_token", forced))["access_token"] != stable
    assert (await wechat.get(INFO, access_token=stable, openid=openid))["errcode"] == 40001
    assert (await wechat.post("/cgi-bin/stable_token", forced))["errcode"] == 45011


async def test_revoked_tokens_are_not_latest(wechat: Lab) -> None:
    stable = await wechat.token()
    await wechat.control("POST", "/accounts/shop/revoke-tokens")
    assert (await wechat.get(INFO, access_token=stable))["errcode"] == 40001
    assert await wechat.token() != stable


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wxunknown"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "password"}, 40002),
    ],
)
async def test_a_wrong_asking_is_refused(wechat: Lab, changes: dict[str, str], errcode: int) -> None:
    for told in (
        await wechat.get("/cgi-bin/token", **named(wechat, **changes)),
        await wechat.post("/cgi-bin/stable_token", named(wechat, **changes)),
    ):
        assert told["errcode"] == errcode
        assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", told["errmsg"])


async def test_calls_are_refused_as_wechat_does(wechat: Lab) -> None:
    token = await wechat.token()
    assert (await wechat.get(INFO))["errcode"] == 41001
    assert (await wechat.get(INFO, access_token="made up"))["errcode"] == 40001
    assert (await wechat.get(SEND, access_token=token))["errcode"] == 43002
    assert (await wechat.post(INFO, {"a": 1}, access_token=token))["errcode"] == 43001
    assert (await wechat.get("/cgi-bin/nothing/here", access_token=token))["errcode"] == 40066
    url = wechat.emulator.make_url(SEND)
    for body, errcode in ((b"", 44002), (b"{", 47001), (b"[1]", 47001), (b"\xff", 47001)):
        async with wechat.client.post(url, params={"access_token": token}, data=body) as response:
            assert (await response.json(content_type=None))["errcode"] == errcode
            assert (response.status, response.content_type) == (200, "application/json")


async def test_a_request_can_be_looked_up_by_its_rid(wechat: Lab) -> None:
    told = await wechat.call(SEND, {"touser": "nobody"})
    rid = told["errmsg"].split("rid: ")[1]
    found = await wechat.call("/cgi-bin/openapi/rid/get", {"rid": rid})
    assert found["request"]["request_url"] == SEND
    assert (await wechat.call("/cgi-bin/openapi/rid/get", {"rid": "unknown"}))["errcode"] == 40097


async def test_an_address_that_is_not_allowed_is_named() -> None:
    async with lab(account(allowed_addresses=["192.0.2.7"])) as wechat:
        told = await wechat.get("/cgi-bin/token", **named(wechat))
        assert told["errcode"] == 40164
        assert "127.0.0.1" in told["errmsg"]
        await wechat.control("PATCH", "/accounts/shop", {"allowed_addresses": ["127.0.0.1"]})
        assert await wechat.token()


async def test_a_token_opens_its_own_account_only() -> None:
    async with lab(account("shop"), account("tea", 2)) as wechat:
        openid = await wechat.user("li", "shop", "tea")
        assert await wechat.send(openid, account="tea") == 40003
        assert await wechat.send(openid) == 45015


async def test_addresses_wechat_calls_from(wechat: Lab) -> None:
    for path in ("/cgi-bin/getcallbackip", "/cgi-bin/get_api_domain_ip"):
        assert (await wechat.call(path))["ip_list"] == ["127.0.0.1"]

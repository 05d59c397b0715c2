"""Log-in on web pages: who may ask, what a code is good for, what is told of whom."""

from typing import Any

import pytest
from yarl import URL

from tests.integration.emulators.wechat_lab import Lab, account, lab

BACK = "https://shop.example/login?x=1"


async def code(wechat: Lab, user: str = "li", status: int = 302, **changes: str) -> str:
    query = {
        "appid": wechat.world.account_named("shop").settings.appid,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s1",
    } | changes
    url = wechat.emulator.make_url("/connect/oauth2/authorize")
    cookies = {"Cookie": f"emulated_user={user}"} if user else {}
    async with wechat.client.get(url, params=query, headers=cookies, allow_redirects=False) as response:
        assert response.status == status
        if status != 302:
            return ""
        back = URL(response.headers["Location"])
    assert (back.host, back.query["x"], back.query["state"]) == ("shop.example", "1", "s1")
    return back.query["code"]


async def redeem(wechat: Lab, given: str, **changes: str) -> Any:
    settings = wechat.world.account_named("shop").settings
    query = {"appid": settings.appid, "secret": settings.secret, "code": given, "grant_type": "authorization_code"}
    return await wechat.get("/sns/oauth2/access_token", **(query | changes))


async def test_a_code_tells_the_openid_once() -> None:
    async with lab(account(open_platform="group")) as wechat:
        openid = await wechat.user()
        given = await code(wechat)
        told = await redeem(wechat, given)
        assert (told["openid"], told["scope"]) == (openid, "snsapi_base")
        assert "unionid" not in told
        assert "is_snapshotuser" not in told
        assert (await redeem(wechat, given))["errcode"] == 40163
        assert (await redeem(wechat, "made up"))["errcode"] == 40029
        late = await code(wechat)
        await wechat.control("POST", "/clock/advance", {"seconds": 300})
        assert (await redeem(wechat, late))["errcode"] == 42003
        query = {"access_token": told["access_token"], "openid": openid}
        assert (await wechat.get("/sns/auth", **query))["errcode"] == 0
        assert (await wechat.get("/sns/userinfo", **query))["errcode"] == 48001
        await wechat.control("POST", "/clock/advance", {"seconds": 7200})
        assert (await wechat.get("/sns/auth", **query))["errcode"] == 42001


async def test_userinfo_tells_a_name_and_the_unionid() -> None:
    async with lab(account(open_platform="group")) as wechat:
        openid = await wechat.user()
        await wechat.control("PATCH", "/users/li", {"nickname": "小李"})
        told = await redeem(wechat, await code(wechat, scope="snsapi_userinfo"))
        info = await wechat.get("/sns/userinfo", access_token=told["access_token"], openid=openid)
        assert (info["nickname"], info["unionid"]) == ("小李", told["unionid"])
        assert (await wechat.get("/sns/userinfo", access_token=told["access_token"], openid="x"))["errcode"] == 40003
        settings = wechat.world.account_named("shop").settings
        renewal = {"appid": settings.appid, "grant_type": "refresh_token"}
        renewed = await wechat.get("/sns/oauth2/refresh_token", **renewal, refresh_token=told["refresh_token"])
        assert renewed["openid"] == openid
        assert (await wechat.get("/sns/oauth2/refresh_token", **renewal, refresh_token="x"))["errcode"] == 40030


async def test_a_snapshot_user_is_somebody_else() -> None:
    async with lab(account(open_platform="group")) as wechat:
        openid = await wechat.user()
        await wechat.control("PATCH", "/users/li", {"snapshot": True})
        told = await redeem(wechat, await code(wechat, scope="snsapi_userinfo"))
        assert told["is_snapshotuser"] == 1
        assert told["openid"] != openid
        assert "unionid" not in told


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"appid": "wxunknown"}, 400),
        ({"scope": "everything"}, 400),
        ({"response_type": "token"}, 400),
        ({"redirect_uri": "https://evil.example/"}, 400),
        ({"redirect_uri": "javascript:alert(1)"}, 400),
        ({"user": ""}, 401),
        ({"user": "nobody"}, 404),
    ],
)
async def test_a_wrong_page_gets_no_code(changes: dict[str, str], status: int) -> None:
    async with lab(account(oauth_domains=["shop.example"])) as wechat:
        await wechat.user()
        await code(wechat, status=status, **changes)


async def test_an_unverified_account_may_not_ask() -> None:
    async with lab(account(verified=False)) as wechat:
        await wechat.user()
        await code(wechat, status=403)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [({"appid": ""}, 41002), ({"appid": "wxother"}, 40013), ({"secret": "no"}, 40125), ({"code": ""}, 41008)],
)
async def test_a_wrong_redemption_is_refused(wechat: Lab, changes: dict[str, str], errcode: int) -> None:
    await wechat.user()
    assert (await redeem(wechat, await code(wechat), **changes))["errcode"] == errcode


async def test_a_redemption_can_be_made_to_fail(wechat: Lab) -> None:
    await wechat.user()
    fault = {"on": "api", "fault": "errcode", "errcode": -1, "path": "/sns/oauth2/access_token", "count": 1}
    await wechat.control("POST", "/faults", fault)
    found = await code(wechat)
    assert (await redeem(wechat, found))["errcode"] == -1
    assert (await redeem(wechat, found))["scope"] == "snsapi_base"

"""Whatever a program under test sends, the emulator answers as WeChat would, and never with a fault of its own."""

import json
import random
from typing import Any

import pytest

from emulators.wechat.control.acts import ACTS
from emulators.wechat.server import ENDPOINTS
from emulators.wechat.settings import Template
from tests.integration.emulators.wechat_lab import account, lab

WORDS = ["", "x", "你好", "\ud83d", "a" * 3000, "text", "news", "msgmenu", "QR_SCENE", "Typing", "order", "image"]
NAMES = [
    "touser", "msgtype", "text", "content", "news", "articles", "msgmenu", "list", "id", "head_content",
    "command", "button", "sub_button", "name", "type", "key", "url", "action_name", "action_info", "scene",
    "scene_id", "scene_str", "expire_seconds", "user_list", "openid", "openid_list", "tag", "tagid", "remark",
    "template_id", "data", "filter", "is_to_all", "tag_id", "clientmsgid", "msg_id", "media_id", "image",
    "customservice", "kf_account", "cgi_path", "appid", "secret", "grant_type", "force_refresh", "rid",
    "next_openid", "value", "thing1", "miniprogram",
]  # fmt: skip


def anything(chance: random.Random, openid: str, depth: int = 0) -> Any:
    kind = chance.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return chance.choice([None, True, False, -1, 0, 2, 10**30, 1.5, float("inf"), float("nan")])
    if kind in (1, 2):
        return openid
    if kind in (3, 4, 5):
        return chance.choice(WORDS)
    if kind == 6:
        return [anything(chance, openid, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(NAMES): anything(chance, openid, depth + 1) for _ in range(chance.randrange(1, 8))}


@pytest.mark.parametrize("path", sorted(ENDPOINTS))
async def test_any_json_is_answered_with_a_code(path: str) -> None:
    chance = random.Random(path)
    template = Template(id="order", title="t", content="{{thing1.DATA}}")
    async with lab(account(templates=[template.model_dump()], kf_accounts=["kf"])) as wechat:
        openid = await wechat.user()
        await wechat.act("li", "pay")
        token = await wechat.token()
        url = wechat.emulator.make_url(path)
        for turn in range(60):
            document = {"touser": openid} | {chance.choice(NAMES): anything(chance, openid) for _ in range(6)}
            query = {"access_token": token, chance.choice(NAMES): chance.choice([openid, "x", "image"])}
            method = ENDPOINTS[path].method if turn % 10 else "DELETE"
            async with wechat.client.request(method, url, params=query, data=json.dumps(document)) as response:
                assert response.status == 200, document
                told = await response.json(content_type=None)
                assert isinstance(told.get("errcode", 0), int)


@pytest.mark.parametrize("act", sorted(ACTS))
async def test_any_act_is_done_or_refused(act: str) -> None:
    chance = random.Random(act)
    async with lab() as wechat:
        openid = await wechat.user()
        url = wechat.emulator.make_url(f"/control/users/li/{act}")
        fields = [*ACTS[act][0].model_fields]
        for _ in range(40):
            body = {name: anything(chance, openid) for name in chance.sample(fields, chance.randrange(len(fields) + 1))}
            body.pop("account", None)
            async with wechat.client.post(url, json=body) as response:
                assert response.status in (200, 400, 404, 409), body
        assert (await wechat.control("GET", "/idle?wait=10"))["idle"]


async def test_any_redirect_is_followed_or_refused() -> None:
    async with lab() as wechat:
        await wechat.user()
        appid = wechat.world.account_named("shop").settings.appid
        for back in (
            "http://[",
            "http://a:x/",
            "//x",
            "http://\x00/",
            "http://" + "a" * 5000,
            "http://例子.example/?a=b",
        ):
            query = {"appid": appid, "redirect_uri": back, "response_type": "code", "scope": "snsapi_base"}
            url = wechat.emulator.make_url("/connect/oauth2/authorize")
            params = query | {"emulated_user": "li"}
            async with wechat.client.get(url, params=params, allow_redirects=False) as response:
                assert response.status in (302, 400), back

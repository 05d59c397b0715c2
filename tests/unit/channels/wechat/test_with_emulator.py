"""Our door and the emulated WeChat's, written apart, understand each other in every mode and form."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.wechat import pushes
from bot.channels.wechat.outgoing import Article, Words
from bot.channels.wechat.parse import parse
from bot.channels.wechat.passive import passive, transfer
from bot.channels.wechat.webhook import Mode, Webhook
from emulators.wechat.account import Account
from emulators.wechat.push.replies import Reply, read_reply
from emulators.wechat.push.request import compose
from emulators.wechat.settings import AccountSettings, Format, Settings
from emulators.wechat.world import World
from tests.unit.channels.wechat.pushing import KEY, OLD_KEY, TOKEN
from tests.unit.channels.wechat.samples import SAMPLES, Sample

APP_ID, NOW = "wx49f0ab532d5d035a", datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
OPENID = "oia2TjjewbmiOUlr6X-1crbLOvLw"
MODES = [("plain", "current"), ("compatible", "current"), ("safe", "current"), ("safe", "previous")]


def account(mode: str, form: Format, key: str) -> Account:
    settings = AccountSettings.model_validate(
        {
            "name": "shop",
            "appid": APP_ID,
            "secret": "a secret of tests",
            "original_id": "gh_7f083739789a",
            "token": TOKEN,
            "aes_key": KEY,
            "previous_aes_key": OLD_KEY,
            "push_key": key,
            "mode": mode,
            "format": form,
            "kf_accounts": ("a@desk",),
        }
    )
    return World(Settings(accounts=(settings,))).accounts[APP_ID]


def webhook(mode: Mode) -> Webhook:
    keys = () if mode == "plain" else (KEY, OLD_KEY)
    return Webhook(token=TOKEN, app_id=APP_ID, encoding_aes_keys=keys, mode=mode)


@pytest.mark.parametrize(("mode", "key"), MODES)
@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_its_pushes_are_opened(sample: Sample, mode: Mode, key: str, form: Format):
    fields = {"ToUserName": "gh_7f083739789a", "FromUserName": OPENID, "CreateTime": 1760000000, **sample.fields}
    request = compose(account(mode, form, key), OPENID, fields, int(NOW.timestamp()))
    opened = webhook(mode).open(request.query, request.body, NOW)
    parsed = parse(opened.tree, opened.text)
    assert type(parsed) is sample.type
    assert {name: getattr(parsed, name) for name in sample.expected} == sample.expected
    assert (opened.form, opened.cipher is None) == (form, mode == "plain")


@pytest.mark.parametrize(("mode", "key"), MODES)
@pytest.mark.parametrize("form", ["xml", "json"])
def test_it_takes_our_answers(mode: Mode, key: str, form: Format):
    theirs, ours = account(mode, form, key), webhook(mode)
    fields: dict[str, Any] = {
        "ToUserName": "gh_7f083739789a",
        "FromUserName": OPENID,
        "CreateTime": 1760000000,
        "MsgType": "text",
        "Content": "你好",
        "MsgId": 1,
    }
    request = compose(theirs, OPENID, fields, int(NOW.timestamp()))
    opened = ours.open(request.query, request.body, NOW)
    push = parse(opened.tree, opened.text)
    assert isinstance(push, pushes.Text)

    def taken(reply: Any) -> Reply | None:
        return read_reply(ours.seal(reply, opened, NOW).encode(), theirs, OPENID, "text")

    card = Article("选购", "怎么选", "https://e.example/g", "https://e.example/i.jpg", Words("x"))
    said, shown = passive(Words("在 ]]> 这里 👍🏽"), push, NOW), passive(card, push, NOW)
    assert taken(said) == Reply("text", {"content": "在 ]]> 这里 👍🏽"})
    news = taken(shown)
    assert news is not None
    assert [one["title"] for one in news.content["articles"]] == ["选购"]
    assert taken(transfer(push, NOW, "a@desk")) == Reply("transfer_customer_service", {"kf_account": "a@desk"})

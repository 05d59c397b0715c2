"""The settings of official accounts: what cannot work is refused at the start, and no secret shows."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import SettingsFault, WechatAccount, read_settings

KEY = "q8Fh2k5Lz0Wm7Rt4Yc1Xb6Nv3Gj9Pd8Se5Ua2Io7HeA"
ACCOUNT = {"name": "care", "appid": "wx0123456789abcdef", "secret": "secret-of-care", "token": "hush", "aes_key": KEY}
FILE = """
[[wechat]]
name = "care"
appid = "wx0123456789abcdef"
mode = "plain"
[[wechat]]
name = "news"
appid = "wxfedcba9876543210"
kind = "subscription"
secret = "secret-of-news"
token = "token4news"
aes_key = "q8Fh2k5Lz0Wm7Rt4Yc1Xb6Nv3Gj9Pd8Se5Ua2Io7HeA"
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_several_accounts_with_secrets_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yingda.toml").write_text(FILE)
    monkeypatch.setenv("YINGDA_WECHAT_SECRETS__CARE__SECRET", "secret-of-care")
    monkeypatch.setenv("YINGDA_WECHAT_SECRETS__CARE__TOKEN", "hush")
    monkeypatch.setenv("YINGDA_WECHAT_SECRETS__NEWS__SECRET", "another-one")
    settings = read_settings()
    assert [account.name for account in settings.wechat] == ["care", "news"]
    assert [account.secret.get_secret_value() for account in settings.wechat if account.secret] == [
        "secret-of-care",
        "another-one",
    ]
    assert settings.wechat[1].api_url == "https://api.weixin.qq.com"
    for hidden in ("secret-of-care", "another-one", "hush", KEY):
        assert hidden not in repr(settings)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "yingda.toml").write_text(FILE)
    with pytest.raises(SettingsFault) as caught:
        read_settings()
    assert caught.value.faults == ["wechat.0: secret, token: needed with mode plain, here or in wechat_secrets"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('name = "shop"\nappid = "wx00000001"', "channel names must differ: shop"),
        ('name = "c"\nappid = "wx00000001"\nweb_login = ["nowhere"]', "web_login: there is no web channel nowhere"),
        (
            'name = "c"\nappid = "wx00000001"\nweb_login = ["shop", "shop"]',
            "web_login: a web channel has one account to log in with: shop",
        ),
        ('name = "care2"\nappid = "wxfedcba9876543210"', "an official account stands here once: wxfedcba9876543210"),
    ],
)
def test_accounts_differ_from_each_other_and_from_the_channels(tmp_path: Path, source: str, told: str) -> None:
    added = f'[[wechat]]\n{source}\nmode = "plain"\nsecret = "12345678"\ntoken = "abc"\n'
    (tmp_path / "yingda.toml").write_text(
        FILE.replace('"plain"\n', '"plain"\nsecret = "12345678"\ntoken = "a1b"\n', 1) + added
    )
    with pytest.raises(SettingsFault) as caught:
        read_settings()
    assert caught.value.faults == [f"settings: {told}"]


def test_secrets_of_nobody_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_WECHAT_SECRETS__NOBODY__SECRET", "secret-of-nobody")
    with pytest.raises(SettingsFault, match="there is no account nobody") as caught:
        read_settings()
    assert "secret-of-nobody" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "terminal"}, "yingda chat"),
        ({"name": "Care/../x"}, "name"),
        ({"appid": "gh_0123456789ab"}, "appid"),
        ({"aes_key": None}, "aes_key: needed with mode safe"),
        ({"mode": "plain", "token": None}, "token: needed"),
        ({"aes_key": KEY[:-1]}, "43"),
        ({"previous_aes_key": KEY + "="}, "43"),
        ({"token": "a b"}, "3 to 32"),
        ({"secret": "short"}, "8 to 64"),
        ({"api_url": "http://wechat.example"}, "https"),
        ({"api_url": "https://a:b@wechat.example"}, "host and port only"),
        ({"api_url": "nowhere"}, "URL"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"open_platform": "Our Group"}, "open_platform"),
        ({"open_url": "http://login.example"}, "https"),
        ({"tags": {"vip": "一二三四五六七八九十一"}}, "1 to 30 bytes"),
        ({"tags": {"vip": " "}}, "1 to 30 bytes"),
        ({"tags": {" ": "贵宾"}}, "has a name"),
        ({"tags": {f"t{number}": f"t{number}" for number in range(101)}}, "100 tags"),
    ],
)
def test_what_cannot_be_right_is_refused(values: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        WechatAccount.model_validate(ACCOUNT | values)


def test_an_emulator_may_stand_in_on_this_machine() -> None:
    assert (
        WechatAccount.model_validate(ACCOUNT | {"api_url": "http://127.0.0.1:8090/"}).api_url == "http://127.0.0.1:8090"
    )


def test_log_in_and_pictures_are_wechat_s_or_the_emulator_s() -> None:
    real = WechatAccount.model_validate(ACCOUNT)
    assert (real.login_url, real.picture_url) == ("https://open.weixin.qq.com", "https://mp.weixin.qq.com")
    emulated = WechatAccount.model_validate(ACCOUNT | {"api_url": "http://127.0.0.1:8090"})
    assert emulated.login_url == emulated.picture_url == "http://127.0.0.1:8090"
    proxied = ACCOUNT | {"api_url": "https://proxy.example", "open_url": "https://open.weixin.qq.com"}
    assert WechatAccount.model_validate(proxied).login_url == "https://open.weixin.qq.com"

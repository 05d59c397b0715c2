"""What the lab's servers and its emulator are given: nothing that is real."""

import argparse
import json
import tomllib
from datetime import time
from pathlib import Path

import pytest

from bot.commands.lab import add_arguments
from bot.faults import SettingsFault
from bot.lab.accounts import OWN, emulated, lab_accounts
from bot.lab.phones import FAULTS
from bot.lab.surroundings import NOBODY, Surroundings, surroundings_of
from bot.lab.toml import to_toml
from bot.lab.words import WORDS
from bot.settings import LOCALES, read_settings
from emulators.wechat.faults import FaultRule
from emulators.wechat.settings import AccountSettings
from tests.servers import ROOT

REAL = """
log_level = "warning"
database_url = "postgresql://the-owner:hidden-a@db.example/real"
redis_url = "redis://:hidden-b@redis.example:6379/0"
secret_key = "hidden-c-hidden-c-hidden-c-hidden-c"
public_url = "https://service.example"
[http]
drain_s = 7.5
[mail]
host = "smtp.example"
sender = "care@example.com"
password = "hidden-d"
[actions]
secret = "hidden-j-hidden-j-hidden-j-hidden-j-hidden-j"
[[actions.remote]]
name = "stock"
url = "https://stock.example/webhook"
secret = "hidden-k-hidden-k-hidden-k-hidden-k-hidden-k"
actions = ["action_stock"]
purpose = "stock"
[[actions.remote]]
name = "local"
url = "http://localhost:5055/webhook"
actions = ["action_local"]
purpose = "local"
[service.hours]
zone = "Asia/Shanghai"
[[wechat]]
name = "care"
appid = "wx1111111111111111"
kind = "subscription"
open_url = "https://open.example"
mp_url = "https://mp.example"
secret = "hidden-e"
token = "hiddenf"
[[wechat]]
name = "tea"
appid = "wx2222222222222222"
mode = "plain"
api_url = "http://127.0.0.1:8090"
[wechat_secrets.care]
aes_key = "hidden-g"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def real(folder: Path) -> Surroundings:
    (folder / "yingda.toml").write_text(REAL, encoding="utf-8")
    outside = {
        "PATH": "/bin",
        "YINGDA_WECHAT_SECRETS": '{"tea": {"secret": "hidden-h"}}',
        "YINGDA_OWNER_DATABASE_URL": "postgresql://hidden-i@db.example/real",
        "YINGDA_LIMITS__MESSAGES_PER_VISITOR": "77",
    }
    return surroundings_of(outside, servers=2)


def test_nothing_real_reaches_the_servers_or_the_emulator(folder: Path) -> None:
    found = real(folder)
    config = emulated(found.accounts[0], "http://127.0.0.1/")
    given = json.dumps([*found.environments, found.emulator_environment, config])
    given += (folder / "var" / "lab" / "yingda.toml").read_text(encoding="utf-8")
    assert "hidden" not in given
    assert "example" not in given
    assert found.emulator_environment == {"PATH": "/bin"}
    assert found.replaced == ("care",), "tea stays on this machine anyway"
    assert all((path.stat().st_mode & 0o077) == 0 for path in found.folder.iterdir())


def test_the_rest_of_the_settings_holds_in_the_lab(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = real(folder)
    for number, environment in enumerate(found.environments):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings = read_settings()
        assert (settings.http.drain_s, settings.limits.messages_per_visitor) == (7.5, 77)
        assert settings.service.hours is not None
        assert settings.actions.secret is None
        assert [one.url for one in settings.actions.remote] == [NOBODY, "http://localhost:5055/webhook"]
        assert (settings.database_url, settings.redis_url, settings.mail.host) == (None, None, None)
        assert settings.var_dir == Path("var/lab")
        assert f"http://127.0.0.1:{settings.http.port}" == found.server_urls[number]
        assert settings.base_url == found.server_urls[0]
        assert [(one.name, one.kind, one.mode) for one in settings.wechat] == [
            ("care", "subscription", "safe"),
            ("tea", "service", "plain"),
        ]
        assert {one.api_url for one in settings.wechat} == {found.emulator_url}


def test_without_accounts_there_is_one_of_the_lab_s_own_with_other_secrets_each_time(folder: Path) -> None:
    one, other = (surroundings_of({}).accounts for _ in range(2))
    assert [account.name for account in one] == [OWN["name"]]
    assert one[0].appid == other[0].appid
    for name in ("secret", "token", "aes_key"):
        assert getattr(one[0], name).get_secret_value() != getattr(other[0], name).get_secret_value()


def test_ports_that_are_taken_are_left_alone(folder: Path) -> None:
    from socket import socket

    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = surroundings_of({"YINGDA_HTTP__PORT": str(port)}, servers=2)
    urls = [*found.server_urls, found.emulator_url]
    assert f"http://127.0.0.1:{port}" not in urls
    assert len(set(urls)) == 3


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"YINGDA_CONFIG": "nowhere.toml"}, "nowhere.toml"),
        ({"YINGDA_WECHAT": "not json"}, "YINGDA_WECHAT"),
        ({"YINGDA_HTTP__PORT": "many"}, "http.port"),
        ({"YINGDA_WECHAT": '[{"name": "care", "secret": "hidden"}]'}, "wechat.0.appid"),
        ({"YINGDA_WECHAT": '["care"]'}, "wechat.0.account"),
    ],
)
def test_wrong_settings_are_told_by_their_place(folder: Path, environment: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingsFault) as told:
        surroundings_of(environment)
    assert fault in str(told.value)
    assert "hidden" not in str(told.value)


def test_settings_survive_being_written() -> None:
    document = {
        "a b": 'quotes " \\ and \x7f, \x01, 你好 👋\n',
        "on": True,
        "number": -1.5,
        "when": time(9, 30),
        "list": [{"x": [1, 2]}, "y"],
        "table": {"ü": {}},
    }
    assert tomllib.loads(to_toml(document)) == document
    with pytest.raises(TypeError):
        to_toml({"nothing": None})


def test_an_account_of_the_settings_keeps_what_is_no_secret() -> None:
    [account] = lab_accounts([{"name": "tea", "appid": "wx2222222222222222", "mode": "plain"}], "http://127.0.0.1:1")
    assert emulated(account, "http://127.0.0.1:2/")["mode"] == "plain"
    assert emulated(account, "http://127.0.0.1:2/")["appid"] == "wx2222222222222222"


def test_the_emulator_has_the_templates_of_the_notices() -> None:
    [account] = lab_accounts(None, "http://127.0.0.1:1")
    settings = AccountSettings.model_validate(emulated(account, "http://127.0.0.1:2/"))
    assert {one.id: one.kind for one in settings.templates} == {
        "lab-answer-waiting": "subscription",
        "lab-case-changed": "template",
    }
    assert settings.templates[0].content == "商家：{{thing1.DATA}}\n时间：{{time2.DATA}}"


def test_every_line_has_every_language() -> None:
    assert {saying: set(words) for saying, words in WORDS.items()} == {saying: set(LOCALES) for saying in WORDS}


@pytest.mark.parametrize("name", ["wechat.md", "wechat.zh-CN.md"])
def test_the_guide_names_every_option_and_every_fault(name: str) -> None:
    guide = (ROOT / "docs" / "guides" / name).read_text(encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_arguments(parser.add_subparsers())
    shown = parser.parse_args(["lab"])
    options = {f"`--{option.replace('_', '-')}" for option in vars(shown)} - {"`--run", "`--locale"}
    assert [option for option in options if option not in guide] == []
    assert [fault for fault in FAULTS if f"`{fault}`" not in guide] == []
    for preset in FAULTS.values():
        FaultRule.model_validate(preset)

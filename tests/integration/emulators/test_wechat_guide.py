"""The guide names what there is: its settings are read, its paths answered, and both languages say the same."""

import json
import re

import pytest
import yaml

from emulators.wechat.control.acts import ACTS
from emulators.wechat.faults import FaultRule
from emulators.wechat.server import ENDPOINTS, build_app
from emulators.wechat.settings import AccountSettings, Section, Settings
from tests.integration.emulators.wechat_lab import account
from tests.servers import ROOT

NAMES = ("wechat-emulator.md", "wechat-emulator.zh-CN.md")


def text_of(name: str) -> str:
    return (ROOT / "docs" / "guides" / name).read_text(encoding="utf-8")


def blocks(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for language, block in re.findall(r"```(\w+)\n(.*?)```", text_of(name), re.DOTALL):
        found.setdefault(language, []).append(block)
    return found


def test_both_guides_have_the_same_examples() -> None:
    assert blocks(NAMES[0]) == blocks(NAMES[1])


@pytest.mark.parametrize("name", NAMES)
def test_every_path_and_every_act_is_named(name: str) -> None:
    text = text_of(name)
    app = build_app(Settings(accounts=(account(),)))
    served = {resource.canonical for resource in app.router.resources()} - {"/cgi-bin/{tail}", "/mmbiz/{media_id}"}
    named = set(re.findall(r"(?:GET |POST |PATCH |DELETE |`)(/[\w/{}-]+)`", text))
    assert served == named
    assert set(ENDPOINTS) <= named
    assert [act for act in ACTS if f"`{act}`" not in text] == []


def test_the_settings_are_read_and_are_the_defaults() -> None:
    settings = Settings.model_validate(yaml.safe_load(blocks(NAMES[0])["yaml"][0]))
    assert settings == Settings(accounts=settings.accounts)
    written = yaml.safe_load(blocks(NAMES[0])["yaml"][0])
    assert set(Settings.model_fields) - {"public_url"} == set(written)
    assert set(AccountSettings.model_fields) - {"title", "grant", "deny"} == set(written["accounts"][0])
    for part in ("delivery", "windows", "tokens"):
        section: Section = getattr(settings, part)
        assert set(type(section).model_fields) == set(written[part])


def test_the_fault_is_one() -> None:
    assert FaultRule.model_validate(json.loads(blocks(NAMES[0])["json"][0])).errcode == 45047

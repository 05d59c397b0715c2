"""The guide's examples are what they say: the emulator's own account, the settings, the menu."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from bot.channels.wechat.api.menus.reading import parse_menu
from bot.settings import read_settings
from tests.integration.wechat.emulator import emulated_by_itself
from tests.servers import ROOT

NAMES = ("wechat.md", "wechat.zh-CN.md")


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / "docs" / "guides" / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_both_guides_have_the_same_examples():
    for language in ("toml", "yaml", "sh"):
        english, chinese = ([re.sub(r"\s*#.*", "", block) for block in blocks(name, language)] for name in NAMES)
        assert english == chinese


def test_the_settings_are_some(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings, environment = blocks(NAMES[0], "toml")[1], blocks(NAMES[0], "sh")[1]
    Path("yingda.toml").write_text(settings, encoding="utf-8")
    secrets = json.loads(environment.split("=", 1)[1].strip().strip("'"))
    key = {"secret": "s" * 32, "token": "abc", "aes_key": "a" * 43}
    monkeypatch.setenv(
        "YINGDA_WECHAT_SECRETS", json.dumps({name: {f: key[f] for f in one} for name, one in secrets.items()})
    )
    assert [account.name for account in read_settings().wechat] == ["care", "news"]


def test_the_menu_is_one():
    (source,) = blocks(NAMES[0], "yaml")
    assert len(parse_menu(source, "menu.yml")) == 3


@pytest.mark.parametrize("command", range(2))
async def test_without_an_account_the_commands_work(tmp_path, command):
    words = blocks(NAMES[0], "sh")[0].splitlines()[command].split()[1:]
    async with emulated_by_itself() as wechat:
        settings = blocks(NAMES[0], "toml")[0].replace("http://127.0.0.1:8090", wechat.url)
        (tmp_path / "yingda.toml").write_text(settings, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *words,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            _, told = await process.communicate()
    assert process.returncode == 0, told.decode()

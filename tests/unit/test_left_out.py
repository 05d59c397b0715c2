"""A serving process carries no second web server and no object-relational mapper."""

import subprocess
import sys

import pytest

from bot.left_out import leave_out
from tests.servers import ROOT


def test_a_server_does_not_load_what_nobody_calls() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import bot.commands.serve, sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "rasa_sdk.executor" in loaded
    assert "sqlalchemy.ext.asyncio" in loaded
    not_called = {
        "sanic",
        "sqlalchemy.orm",
        "rich",
        "opencc",
        "openpyxl",
        "redis",
        "cryptography.x509",
        "ruamel.yaml.main",
        # For official accounts, where there are any.
        "wechatpy",
        "segno",
        "bot.channels.wechat.api",
        "bot.channels.wechat.parse",
        "bot.web.wechat",
        "bot.outbox",
        "bot.spool",
        "bot.lab",
    }
    assert not not_called & set(loaded)


def test_what_is_left_out_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rasa_sdk.plugin", raising=False)
    leave_out()
    with pytest.raises(NotImplementedError, match=r"rasa_sdk\.plugin\.plugin_manager .* bot\.left_out"):
        sys.modules["rasa_sdk.plugin"].plugin_manager()
